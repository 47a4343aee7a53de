/** The baseline of the webhook: Express that parses the body, answers 202 and keeps nothing. */
import express from "express";

const app = express();
app.disable("x-powered-by");
app.disable("etag");
app.use(express.json({ limit: "1mb" }));
app.post(
  "/v1/webhooks/:name",
  (_request, response) => void response.status(202).json({ ok: true }),
);
const server = app.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(
    `ready http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}\n`,
  );
});
process.stdin.resume();
process.stdin.once("close", () => process.exit());
