// Encrypts standard input and sends it as one field of a request. Node 18 or later.
import { constants, createPublicKey, publicEncrypt } from 'node:crypto';
import { readFileSync } from 'node:fs';

// The key of the day this was written; after a rotation the program fetches the new one.
const PUBLIC_KEY = '{{public_key}}';
const FINGERPRINT = '{{fingerprint}}';
const FIELD = '{{field}}';

const API = process.env.FINCODE_API ?? 'https://api.example.com';
const TOKEN = process.env.FINCODE_TOKEN_PROD;

function keyOf(base64, fingerprint) {
  const key = createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' });
  return { key, fingerprint };
}

function encrypt(text, key) {
  const plaintext = Buffer.from(text, 'utf8');
  const limit = key.asymmetricKeyDetails.modulusLength / 8 - 66;
  if (plaintext.length > limit) {
    throw new Error(`${FIELD} has ${plaintext.length} bytes, and this key takes ${limit} at most`);
  }
  // oaepHash is the hash of OAEP and of its MGF1; without it Node takes SHA-1.
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  return publicEncrypt({ key, padding, oaepHash: 'sha256' }, plaintext).toString('base64');
}

async function request(path, options = {}) {
  const headers = { 'X-Auth-Token': TOKEN, ...options.headers };
  const answer = await fetch(API + path, { ...options, headers, signal: AbortSignal.timeout(30_000) });
  return { status: answer.status, body: await answer.text() };
}

async function fetchKey() {
  const { status, body } = await request('/v1/public-key');
  if (status !== 200) throw new Error(`no public key: ${status} ${body}`);
  const { base64, fingerprint } = JSON.parse(body);
  return keyOf(base64, fingerprint);
}

function send(text, { key, fingerprint }) {
  return request('/profile', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Key-Fingerprint': fingerprint },
    body: JSON.stringify({ [FIELD]: encrypt(text, key) }),
  });
}

async function main() {
  if (!TOKEN) throw new Error('FINCODE_TOKEN_PROD is not set');
  const text = readFileSync(0, 'utf8');
  let answer = await send(text, keyOf(PUBLIC_KEY, FINGERPRINT));
  if (answer.status === 409 && answer.body.includes('"key_rotated"')) {
    answer = await send(text, await fetchKey());
  }
  if (answer.status >= 300) throw new Error(`refused: ${answer.status} ${answer.body}`);
  console.log('sent');
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
