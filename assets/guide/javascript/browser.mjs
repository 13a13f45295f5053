// Encrypts a text in the browser, with WebCrypto, and sends it to your own server.
//
// An API token never comes into a page: your server adds X-Auth-Token, and passes X-Key-Fingerprint and the answer on.
// WebCrypto is there on https:// pages and on localhost.

// The key of the day this was written; after a rotation the page fetches the new one.
const PUBLIC_KEY = '{{public_key}}';
const FINGERPRINT = '{{fingerprint}}';
const FIELD = '{{field}}';

async function keyOf(base64, fingerprint) {
  const der = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  // This hash is OAEP's and its MGF1's.
  const algorithm = { name: 'RSA-OAEP', hash: 'SHA-256' };
  return { key: await crypto.subtle.importKey('spki', der, algorithm, false, ['encrypt']), fingerprint };
}

async function encrypt(text, key) {
  const plaintext = new TextEncoder().encode(text); // always UTF-8
  const limit = key.algorithm.modulusLength / 8 - 66;
  if (plaintext.length > limit) {
    throw new Error(`${FIELD} has ${plaintext.length} bytes, and this key takes ${limit} at most`);
  }
  const ciphertext = new Uint8Array(await crypto.subtle.encrypt({ name: 'RSA-OAEP' }, key, plaintext));
  return btoa(String.fromCharCode(...ciphertext));
}

async function fetchKey() {
  const answer = await fetch('/v1/public-key', { cache: 'no-cache' });
  if (!answer.ok) throw new Error(`no public key: ${answer.status}`);
  const { base64, fingerprint } = await answer.json();
  return keyOf(base64, fingerprint);
}

async function send(text, { key, fingerprint }) {
  const body = JSON.stringify({ [FIELD]: await encrypt(text, key) });
  const headers = { 'Content-Type': 'application/json', 'X-Key-Fingerprint': fingerprint };
  const answer = await fetch('/profile', { method: 'POST', headers, body });
  return { status: answer.status, body: await answer.text() };
}

export async function sendField(text) {
  let answer = await send(text, await keyOf(PUBLIC_KEY, FINGERPRINT));
  if (answer.status === 409 && answer.body.includes('"key_rotated"')) {
    answer = await send(text, await fetchKey());
  }
  if (answer.status >= 300) throw new Error(`refused: ${answer.status} ${answer.body}`);
}
