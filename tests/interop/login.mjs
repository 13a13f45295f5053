// Reads a key set and a JWT, a line each; verifies it with Node's own cryptography and prints its claims.
import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

const [jwks, jwt] = readFileSync(0, 'utf8').split('\n');
const [header, payload, signature] = jwt.split('.');
const said = JSON.parse(Buffer.from(header, 'base64url'));
if (said.alg !== 'EdDSA' || said.typ !== 'JWT') throw new Error(`header ${JSON.stringify(said)}`);
const jwk = JSON.parse(jwks).keys.find((key) => key.kid === said.kid);
const key = createPublicKey({ key: jwk, format: 'jwk' });
const check = (text) => verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'));
if (!check(`${header}.${payload}`) || check(`${header}.${payload}A`)) throw new Error('signature');
console.log(Buffer.from(payload, 'base64url').toString());
