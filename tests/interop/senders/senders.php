<?php
// Reads a Base64 public key and a Base64 plaintext, a line each; prints "sender ciphertext" lines.
require '/usr/share/php/phpseclib3/autoload.php';

use phpseclib3\Crypt\PublicKeyLoader;
use phpseclib3\Crypt\RSA;

[$der, $text] = array_map('base64_decode', explode("\n", stream_get_contents(STDIN)));
$say = fn ($sender, $ciphertext) => print("$sender " . base64_encode($ciphertext) . "\n");

$pem = "-----BEGIN PUBLIC KEY-----\n" . chunk_split(base64_encode($der), 64, "\n") . "-----END PUBLIC KEY-----\n";
openssl_public_encrypt($text, $ciphertext, $pem);
$say('php-openssl', $ciphertext);
openssl_public_encrypt($text, $ciphertext, $pem, OPENSSL_PKCS1_OAEP_PADDING);
$say('php-openssl-oaep', $ciphertext);
$key = PublicKeyLoader::load($pem);
$say('phpseclib', $key->encrypt($text));
$say('phpseclib-256', $key->withPadding(RSA::ENCRYPTION_OAEP)->withHash('sha256')->withMGFHash('sha256')->encrypt($text));
$say('phpseclib-1', $key->withHash('sha1')->withMGFHash('sha1')->encrypt($text));
$say('phpseclib-512-256', $key->withHash('sha512')->withMGFHash('sha256')->encrypt($text));
$say('phpseclib-pkcs1', $key->withPadding(RSA::ENCRYPTION_PKCS1)->encrypt($text));
