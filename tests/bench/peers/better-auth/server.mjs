// better-auth's apiKey plugin behind the smallest HTTP server there is: a good key in `x-api-key` is answered with 200.
import { createServer } from "node:http";
import { writeFileSync } from "node:fs";
import Database from "better-sqlite3";
import { betterAuth } from "better-auth";
import { apiKey } from "@better-auth/api-key";
import { getMigrations } from "better-auth/db/migration";

const [port, keyFile] = process.argv.slice(2);
const database = new Database(":memory:");
const auth = betterAuth({
  database,
  secret: "a secret of thirty-two characters",
  baseURL: `http://127.0.0.1:${port}`,
  emailAndPassword: { enabled: true },
  logger: { level: "error" },
  plugins: [apiKey({ rateLimit: { enabled: false } })],
});
const { runMigrations } = await getMigrations(auth.options);
await runMigrations();
const { user } = await auth.api.signUpEmail({
  body: { name: "Ada", email: "ada@acme.test", password: "correct horse battery staple" },
});
const { key } = await auth.api.createApiKey({ body: { name: "bench", userId: user.id } });
createServer(async (request, response) => {
  const { valid } = await auth.api.verifyApiKey({ body: { key: request.headers["x-api-key"] ?? "" } });
  response.writeHead(valid ? 200 : 401, { "content-length": 0 });
  response.end();
}).listen(Number(port), "127.0.0.1", () => writeFileSync(keyFile, key));
