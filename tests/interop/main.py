"""Reads a Base64 public key and Base64 plaintexts, a line each; prints "variant ciphertext" lines."""
import base64
import sys

from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

der, *plaintexts = sys.stdin.read().removesuffix("\n").split("\n")
key = load_der_public_key(base64.b64decode(der))
for plaintext in plaintexts:
    for name, mgf in (("sha256", SHA256()), ("sha1", SHA1())):
        padding = OAEP(mgf=MGF1(algorithm=mgf), algorithm=SHA256(), label=None)
        ciphertext = key.encrypt(base64.b64decode(plaintext), padding)
        print(name, base64.b64encode(ciphertext).decode())
