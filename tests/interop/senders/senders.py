"""Reads a Base64 public key and a Base64 plaintext, a line each; prints "sender ciphertext" lines."""
import base64
import sys

import rsa
from Crypto.Cipher import PKCS1_OAEP, PKCS1_v1_5
from Crypto.Hash import SHA256
from Crypto.PublicKey import RSA
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256 as Sha256
from cryptography.hazmat.primitives.serialization import load_der_public_key

der, text = (base64.b64decode(line) for line in sys.stdin.read().split("\n")[:2])


def say(sender: str, ciphertext: bytes) -> None:
    print(sender, base64.b64encode(ciphertext).decode())


key = load_der_public_key(der)
say("cryptography-256", key.encrypt(text, OAEP(mgf=MGF1(Sha256()), algorithm=Sha256(), label=None)))
say("cryptography-1", key.encrypt(text, OAEP(mgf=MGF1(SHA1()), algorithm=SHA1(), label=None)))
say("cryptography-mixed", key.encrypt(text, OAEP(mgf=MGF1(Sha256()), algorithm=SHA1(), label=None)))
say("cryptography-label", key.encrypt(text, OAEP(mgf=MGF1(Sha256()), algorithm=Sha256(), label=b"pin")))
say("cryptography-pkcs1", key.encrypt(text, PKCS1v15()))
ours = RSA.import_key(der)
say("pycryptodome", PKCS1_OAEP.new(ours).encrypt(text))
say("pycryptodome-256", PKCS1_OAEP.new(ours, hashAlgo=SHA256).encrypt(text))
say("pycryptodome-pkcs1", PKCS1_v1_5.new(ours).encrypt(text))
say("python-rsa", rsa.encrypt(text, rsa.PublicKey.load_pkcs1_openssl_der(der)))
