// Reads a Base64 public key and a Base64 plaintext, a line each; prints "sender ciphertext" lines.
const crypto = require('node:crypto');
const forge = require('node-forge');
const JSEncrypt = require('jsencrypt');

const [der, base64] = require('node:fs').readFileSync(0, 'utf8').split('\n');
const spki = Buffer.from(der, 'base64');
const text = Buffer.from(base64, 'base64');
const say = (sender, ciphertext) => console.log(`${sender} ${ciphertext}`);

const key = crypto.createPublicKey({ key: spki, format: 'der', type: 'spki' });
const oaep = { key, padding: crypto.constants.RSA_PKCS1_OAEP_PADDING };
say('node', crypto.publicEncrypt(key, text).toString('base64'));
say('node-oaep-256', crypto.publicEncrypt({ ...oaep, oaepHash: 'sha256' }, text).toString('base64'));
say('node-pkcs1', crypto.publicEncrypt({ key, padding: crypto.constants.RSA_PKCS1_PADDING }, text).toString('base64'));
const right = crypto.publicEncrypt({ ...oaep, oaepHash: 'sha256' }, text);
say('node-base64url', right.toString('base64url'));
say('node-hex', right.toString('hex'));
say('node-double', Buffer.from(right.toString('base64')).toString('base64'));
say('node-bytes', JSON.stringify([...right]));
say('node-query', encodeURIComponent(right.toString('base64')));
const latin1 = Buffer.from(text.toString('utf8'), 'latin1');
say('node-latin1', crypto.publicEncrypt({ ...oaep, oaepHash: 'sha256' }, latin1).toString('base64'));
const utf16 = Buffer.from(text.toString('utf8'), 'utf16le');
say('node-utf16', crypto.publicEncrypt({ ...oaep, oaepHash: 'sha256' }, utf16).toString('base64'));

const pem = key.export({ format: 'pem', type: 'spki' });
const forged = forge.pki.publicKeyFromPem(pem);
const bytes = text.toString('binary');
say('forge', forge.util.encode64(forged.encrypt(bytes)));
say('forge-oaep', forge.util.encode64(forged.encrypt(bytes, 'RSA-OAEP')));
const md = () => forge.md.sha256.create();
say('forge-oaep-256', forge.util.encode64(forged.encrypt(bytes, 'RSA-OAEP', { md: md(), mgf1: { md: md() } })));
const mixed = { md: md(), mgf1: { md: forge.md.sha1.create() } };
say('forge-oaep-256-sha1', forge.util.encode64(forged.encrypt(bytes, 'RSA-OAEP', mixed)));

const jsencrypt = new JSEncrypt();
jsencrypt.setPublicKey(pem);
say('jsencrypt', jsencrypt.encrypt(text.toString('utf8')));
say('jsencrypt-oaep', jsencrypt.encryptOAEP(text.toString('utf8')));

const web = async (hash) => {
  const imported = await crypto.subtle.importKey('spki', spki, { name: 'RSA-OAEP', hash }, false, ['encrypt']);
  return Buffer.from(await crypto.subtle.encrypt({ name: 'RSA-OAEP' }, imported, text)).toString('base64');
};
(async () => {
  say('webcrypto-256', await web('SHA-256'));
  say('webcrypto-1', await web('SHA-1'));
  say('webcrypto-384', await web('SHA-384'));
})();
