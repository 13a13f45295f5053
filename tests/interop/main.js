// Reads a Base64 public key and Base64 plaintexts, a line each; prints "variant ciphertext" lines.
const crypto = require('node:crypto');
const [der, ...plaintexts] = require('node:fs').readFileSync(0, 'utf8').replace(/\n$/, '').split('\n');
const key = crypto.createPublicKey({ key: Buffer.from(der, 'base64'), format: 'der', type: 'spki' });
for (const plaintext of plaintexts) {
  const padding = crypto.constants.RSA_PKCS1_OAEP_PADDING;
  const ciphertext = crypto.publicEncrypt({ key, padding, oaepHash: 'sha256' }, Buffer.from(plaintext, 'base64'));
  console.log(`sha256 ${ciphertext.toString('base64')}`);
}
