// A tenant's engineer at work with the generated client; test_typescript.py runs it.
import assert from "node:assert/strict";

import createClient from "openapi-fetch";

import type { components, paths } from "./api.js";

type Monitor = components["schemas"]["Monitor"];
type Problem = components["schemas"]["Problem"];

const [, , baseUrl, email, password] = process.argv;
assert.ok(baseUrl && email && password, "usage: journey.js SERVER EMAIL PASSWORD");
const client = createClient<paths>({ baseUrl });

const signedIn = await client.POST("/api/v1/login", { body: { email, password } });
assert.ok(signedIn.data, JSON.stringify(signedIn.error));
client.use({
  onRequest({ request }) {
    request.headers.set("Authorization", `Bearer ${signedIn.data.access}`);
  },
});

const body: components["schemas"]["MonitorRequest"] = {
  name: "Watched by TypeScript",
  networks: ["ethereum_mainnet"],
  addresses: [{ address: "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48" }],
  match_conditions: { functions: [], events: [], transactions: [{ status: "Failure" }] },
  trigger_conditions: [],
  triggers: [],
  alerting: { severity: "high", threshold: { amount: 3, window_s: 60 } },
};

// Everything but the save.
const trial = await client.POST("/api/v1/monitors", {
  params: { query: { validate_only: true } },
  body,
});
assert.equal(trial.response.status, 200);
assert.ok(trial.data && "verdict" in trial.data);
assert.equal(trial.data.verdict, "ok");

// The answer is lost, and the request is sent again.
const once = { params: { header: { "Idempotency-Key": "typescript-1" } }, body };
const created = await client.POST("/api/v1/monitors", once);
const repeated = await client.POST("/api/v1/monitors", once);
assert.deepEqual([created.response.status, repeated.response.status], [201, 201]);
assert.equal(repeated.response.headers.get("Idempotency-Replayed"), "true");
assert.deepEqual(repeated.data, created.data);
const monitor: Monitor = saved(created.data);
const path = { id: monitor.id };

// Two people change it at once: the second is told so.
const etag = created.response.headers.get("ETag");
assert.ok(etag);
const change = { path, header: { "If-Match": etag } };
const changed = await client.PATCH("/api/v1/monitors/{id}", {
  params: change,
  body: { description: "of the first" },
});
assert.equal(saved(changed.data).description, "of the first");
const stale = await client.PATCH("/api/v1/monitors/{id}", {
  params: change,
  body: { description: "of the second" },
});
assert.equal(stale.response.status, 412);
const problem: Problem | undefined = stale.error;
assert.equal(problem?.code, "stale");
assert.equal(stale.response.headers.get("ETag"), changed.response.headers.get("ETag"));

// A rule is broken.
const refused = await client.POST("/api/v1/monitors", { body: { ...body, networks: ["nowhere"] } });
assert.equal(refused.response.status, 422);
assert.equal(refused.error?.errors[0]?.pointer, "/networks/0");

// Page by page, with the members that are asked for.
const slugs: string[] = [];
let cursor: string | undefined;
do {
  const page = await client.GET("/api/v1/monitors", {
    params: { query: { page_size: 1, ordering: "-slug", fields: ["id", "slug"], ...(cursor && { cursor }) } },
  });
  assert.ok(page.data, JSON.stringify(page.error));
  slugs.push(...page.data.results.map((each) => each.slug));
  cursor = (page.data.next && new URL(page.data.next).searchParams.get("cursor")) ?? undefined;
} while (cursor);
assert.deepEqual(slugs, [monitor.slug, "watched"]);

const expanded = await client.GET("/api/v1/monitors/{id}", {
  params: { path, query: { expand: ["projection"] } },
});
assert.equal(expanded.data?.projection?.state, "active");

const removed = await client.DELETE("/api/v1/monitors/{id}", { params: { path } });
assert.equal(removed.response.status, 204);
const gone = await client.GET("/api/v1/monitors/{id}", { params: { path } });
assert.equal(gone.error?.code, "not_found");

function saved(answer: Monitor | components["schemas"]["Report"] | undefined): Monitor {
  assert.ok(answer && "version" in answer);
  return answer;
}
