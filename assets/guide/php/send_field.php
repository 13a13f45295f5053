<?php
// Encrypts standard input and sends it as one field of a request. PHP 8.1 or later, with ext-curl and phpseclib 3
// (composer require phpseclib/phpseclib:~3.0): openssl_public_encrypt has only OAEP with SHA-1 before PHP 8.5.
declare(strict_types=1);

require __DIR__ . '/vendor/autoload.php';

use phpseclib3\Crypt\PublicKeyLoader;
use phpseclib3\Crypt\RSA;

// The key of the day this was written; after a rotation the program fetches the new one.
const PUBLIC_KEY = '{{public_key}}';
const FINGERPRINT = '{{fingerprint}}';
const FIELD = '{{field}}';

function encrypt(string $plaintext, string $publicKey): string
{
    $key = PublicKeyLoader::loadPublicKey(base64_decode($publicKey, true));
    $limit = intdiv($key->getLength(), 8) - 66;
    if (strlen($plaintext) > $limit) {
        throw new LengthException(
            sprintf('%s has %d bytes, and this key takes %d at most', FIELD, strlen($plaintext), $limit)
        );
    }
    $key = $key->withPadding(RSA::ENCRYPTION_OAEP)->withHash('sha256')->withMGFHash('sha256');
    return base64_encode($key->encrypt($plaintext));
}

/** @return array{int, string} */
function request(string $path, ?string $body = null, array $headers = []): array
{
    $curl = curl_init((getenv('FINCODE_API') ?: 'https://api.example.com') . $path);
    curl_setopt_array($curl, [
        CURLOPT_HTTPHEADER => ['X-Auth-Token: ' . getenv('FINCODE_TOKEN_PROD'), ...$headers],
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_TIMEOUT => 30,
    ]);
    if ($body !== null) {
        curl_setopt($curl, CURLOPT_POSTFIELDS, $body);
    }
    $answer = curl_exec($curl);
    if ($answer === false) {
        throw new RuntimeException(curl_error($curl));
    }
    return [curl_getinfo($curl, CURLINFO_RESPONSE_CODE), $answer];
}

/** @return array{string, string} */
function fetchKey(): array
{
    [$status, $body] = request('/v1/public-key');
    if ($status !== 200) {
        throw new RuntimeException("no public key: $status $body");
    }
    $key = json_decode($body, true, flags: JSON_THROW_ON_ERROR);
    return [$key['base64'], $key['fingerprint']];
}

/** @return array{int, string} */
function send(string $text, string $publicKey, string $fingerprint): array
{
    $body = json_encode([FIELD => encrypt($text, $publicKey)], JSON_THROW_ON_ERROR);
    return request('/profile', $body, ['Content-Type: application/json', "X-Key-Fingerprint: $fingerprint"]);
}

try {
    if (!getenv('FINCODE_TOKEN_PROD')) {
        throw new RuntimeException('FINCODE_TOKEN_PROD is not set');
    }
    $text = stream_get_contents(STDIN);
    if (preg_match('//u', $text) !== 1) { // PHP's strings are bytes: these are to be UTF-8
        throw new RuntimeException('the text is not UTF-8');
    }
    [$status, $body] = send($text, PUBLIC_KEY, FINGERPRINT);
    if ($status === 409 && (json_decode($body, true)['error']['code'] ?? '') === 'key_rotated') {
        [$status, $body] = send($text, ...fetchKey());
    }
    if ($status >= 300) {
        throw new RuntimeException("refused: $status $body");
    }
    echo "sent\n";
} catch (Exception $error) {
    fwrite(STDERR, $error->getMessage() . "\n");
    exit(1);
}
