// Does everything that HMS's Node client can do, against a sandbox: `node drive.mjs SDK URL`. Prints, for each step, "ok"
// or what went wrong.
import assert from "node:assert/strict";
import { createServer } from "node:http";

const [, , path, sandbox] = process.argv;
const kit = await import(path);
const base = `${sandbox}/hms/api/v1`;
const steps = {};
const client = (apiKey, options = {}) => new kit.HMSSovereign({ apiKey, baseUrl: base, ...options });
const keysOf = (thing) => Object.keys(thing).sort().join(" ");

async function lever(below, body = {}, method = "POST") {
  const response = await fetch(`${sandbox}/_sandbox${below}`, { method, body: JSON.stringify(body) });
  assert.ok(response.ok, `${below}: ${response.status}`);
  return response.json();
}

async function until(look) {
  for (const end = Date.now() + 15_000; Date.now() < end; ) {
    const found = await look();
    if (found) return found;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error("it did not come about");
}

async function agency(minutes = 500, assistant = {}) {
  const parent = await lever("/hms/organizations", { name: "Acme", minutes });
  const made = await client(parent.api_key).organizations.create({ name: "Ben", parent_org_id: parent.id });
  const seeded = await lever(`/hms/organizations/${made.id}/seed`, assistant);
  return { parent, made, ...seeded, of: client(parent.api_key), own: client(made.api_key) };
}

const refused = async (act, Kind, status) => {
  const error = await act().then(() => assert.fail("it was not refused"), (caught) => caught);
  assert.ok(error instanceof Kind, `${error}`);
  assert.equal(error.status, status);
  return error;
};

const ben = await agency();

steps.organizations = async () => {
  assert.equal(keysOf(ben.made), "api_key created_at id name parent_org_id");
  const own = await ben.of.organizations.get();
  assert.equal(own.children, undefined);
  assert.equal(own.minutes_balance, 500);
  const { children } = await ben.of.organizations.get({ include_children: true });
  assert.deepEqual(children.map(keysOf), ["created_at id name"]);
  const days = { content_retention_days: 365, metadata_retention_days: 730 };
  assert.deepEqual(await ben.own.organizations.update(days), days);
};

steps.assistants = async () => {
  const made = await ben.own.assistants.create({ name: "Night desk", business_name: "Acme" });
  assert.deepEqual([typeof made.llm_config.model, typeof made.stt_config.language], ["string", "string"]);
  const changed = await ben.own.assistants.update(made.id, { business_name: null, notification_emails: ["a@b.test"] });
  assert.deepEqual([changed.business_name, changed.name], [null, "Night desk"]);
  assert.equal((await ben.own.assistants.get(made.id)).notification_emails[0], "a@b.test");
  assert.equal((await ben.own.assistants.list()).length, 2);
  await ben.own.assistants.delete(made.id);
  await refused(() => ben.own.assistants.get(made.id), kit.NotFoundError, 404);
};

steps.numbers = async () => {
  const phone = `+49301${Math.floor(Math.random() * 1e6)}`.padEnd(12, "0");
  const made = await ben.own.numbers.create({ phone_number: phone, agent_id: ben.assistant_id });
  assert.equal(made.agent_name, "Front desk");
  const detached = await ben.own.numbers.update(made.id, { agent_id: null, workflow_id: null });
  assert.deepEqual([detached.agent_id, detached.workflow_id, detached.workflow_name], [null, null, null]);
  const error = await refused(() => ben.own.numbers.create({ phone_number: phone }), kit.ApiRequestError, 409);
  assert.match(error.message, /already/);
  assert.equal((await ben.own.numbers.get(made.id)).phone_number, phone);
  await ben.own.numbers.delete(made.id);
  assert.equal((await ben.own.numbers.list()).some((each) => each.id === made.id), false);
};

async function talking() {
  const placed = await ben.own.calls.create({ destination: "+31612345678", assistant_id: ben.assistant_id });
  assert.deepEqual([placed.success, placed.status], [true, "dialing"]);
  const look = async () => ((await ben.own.calls.get(placed.call_id)).status === "in-progress" ? placed.call_id : null);
  return until(look);
}

steps.calls = async () => {
  const id = await talking();
  assert.match(id, /\+/);
  assert.equal((await ben.own.calls.injectContext(id, "A good customer.", true)).success, true);
  assert.equal((await ben.own.calls.say(id, "One moment.")).success, true);
  assert.equal((await ben.own.calls.end(id, "Goodbye.")).success, true);
  const ended = await ben.own.calls.get(id);
  assert.deepEqual([ended.status, ended.direction, ended.error], ["ended", "outbound", null]);
  assert.equal(ended.messages.at(-1).content, "Goodbye.");
  const other = await talking();
  await ben.own.calls.transfer(other, "+31201234567", "I put you through.");
  assert.equal((await ben.own.calls.get(other)).status, "transferred");
  await refused(() => ben.own.calls.end(other), kit.ApiRequestError, 400);
  const page = await ben.own.calls.list({ status: "transferred", limit: 1 });
  assert.deepEqual([page.data[0].id, page.pagination.total, page.hasMore], [other, 1, false]);
};

steps.pages = async () => {
  const zoe = await agency();
  const finished = { organization_id: zoe.made.id, duration_seconds: 30 };
  await Promise.all(Array.from({ length: 205 }, () => lever("/hms/calls/finished", finished)));
  const first = await zoe.own.calls.list();
  assert.deepEqual([first.data.length, first.pagination.total, first.hasMore], [100, 205, true]);
  const seen = new Set();
  for await (const call of zoe.own.calls.listAll({ status: "ended" })) seen.add(call.id);
  assert.equal(seen.size, 205);
  let seconds = 0;
  for await (const row of zoe.own.usage.listAll({ start_date: "2020-01-01" })) seconds += row.duration_sec;
  const { summary } = await zoe.own.usage.list({ limit: 1 });
  assert.deepEqual([seconds, summary.total_duration_seconds, summary.total_calls], [6150, 6150, 205]);
};

steps.campaigns = async () => {
  const schedule = { schedule_start_time: "09:00:00", schedule_end_time: "17:00:00", timezone: "Europe/Amsterdam" };
  const made = await ben.own.campaigns.create({ name: "Spring", agent_id: ben.assistant_id, ...schedule });
  const lead = await ben.own.campaigns.addLead(made.id, { phone_number: "+31201234567", variables: { name: "Ann" } });
  assert.deepEqual([lead.status, lead.attempts, lead.call_id], ["pending", 0, null]);
  assert.equal((await ben.own.campaigns.listLeads(made.id))[0].variables.name, "Ann");
  assert.equal((await ben.own.campaigns.update(made.id, { status: "paused" })).status, "paused");
  assert.equal((await ben.own.campaigns.get(made.id)).total_leads, 1);
  await ben.own.campaigns.removeLead(made.id, lead.id);
  assert.equal((await ben.own.campaigns.list())[0].total_leads, 0);
  await ben.own.campaigns.delete(made.id);
};

steps.buildingBlocks = async () => {
  assert.ok((await ben.own.voices.list()).length > 0);
  const trunk = await ben.own.sipTrunks.create({ name: "Main", provider: "x", address: "sip.x.test", auth_password: "p" });
  assert.deepEqual([trunk.org_id, trunk.transport, trunk.auth_password], [ben.made.id, "udp", undefined]);
  assert.equal((await ben.own.sipTrunks.get(trunk.id)).address, "sip.x.test");
  await ben.own.sipTrunks.delete(trunk.id);
  assert.deepEqual(await ben.own.sipTrunks.list(), []);
  const kinds = [
    [ben.own.toolTemplates, { name: "find_me", tool_type: "function", tool_config: { description: "Finds." } }],
    [ben.own.analysisTemplates, { name: "Mood", system_prompt: "s", user_prompt: "{transcript}", schema: {} }],
  ];
  for (const [kind, fields] of kinds) {
    const made = await kind.create(fields);
    assert.equal(made.org_id, ben.made.id);
    assert.equal((await kind.update(made.id, { description: "Changed." })).description, "Changed.");
    assert.equal((await kind.get(made.id)).name, fields.name);
    assert.equal((await kind.list()).length, 1);
    await kind.delete(made.id);
  }
};

steps.byokAndDomains = async () => {
  await refused(() => ben.own.domains.create({ domain_name: "mail.acme.test" }), kit.ApiRequestError, 400);
  const set = await ben.own.byok.set({ provider: "resend", api_key: "re_12345678" });
  assert.deepEqual([set.success, typeof set.byok_keys.resend_secret_id], [true, "string"]);
  const kept = await ben.own.byok.saveConfig({ provider: "resend", config: { region: "eu" } });
  assert.deepEqual(kept.byok_config, { resend: { region: "eu" } });
  assert.equal(await ben.own.domains.get(), null);
  const made = await ben.own.domains.create({ domain_name: "mail.acme.test" });
  assert.deepEqual([made.org_id, made.verified_at, made.records[0].type], [ben.made.id, null, "TXT"]);
  assert.equal((await ben.own.domains.verify()).status, "pending");
  assert.equal((await ben.own.domains.refresh()).status, "verified");
  const there = await ben.own.domains.listResendDomains();
  const taken = await ben.own.domains.syncResendDomain({ resendDomainId: there.domains[0].id });
  assert.equal(taken.domain_name, there.domains[0].name);
  await ben.own.domains.delete();
  assert.equal((await ben.own.byok.delete({ provider: "resend" })).byok_keys.resend_secret_id, null);
  assert.equal((await ben.own.byok.get()).byok_keys.resend_secret_id, null);
};

steps.emptyAnswersToDeletes = async () => {
  await lever("/hms/settings", { delete_status: 204 });
  const made = await ben.own.assistants.create({ name: "Short" });
  await ben.own.assistants.delete(made.id).finally(() => lever("/hms/settings", { delete_status: 200 }));
};

steps.refusals = async () => {
  const unknown = await refused(() => client("fl_live_nobody").voices.list(), kit.AuthenticationError, 401);
  assert.equal(unknown.message, "Invalid API key");
  const poor = await agency(0);
  const call = { destination: "+31612345678", assistant_id: poor.assistant_id };
  const broke = await refused(() => poor.own.calls.create(call), kit.InsufficientCreditsError, 402);
  assert.equal(broke.body.balance, 0);
  assert.match(broke.message, /^Insufficient credits: /);
  await refused(() => ben.own.calls.get("call-_+31_x"), kit.NotFoundError, 404);
  const invalid = await refused(() => ben.own.calls.create({ destination: "020" }), kit.ApiRequestError, 400);
  assert.match(invalid.message, /^Invalid destination: /);
};

steps.limits = async () => {
  await lever("/hms/settings", { rate_limit: 2 });
  const hasty = client(ben.made.api_key, { maxRetries: 0 });
  try {
    const tries = await Promise.allSettled(Array.from({ length: 6 }, () => hasty.voices.list()));
    const error = tries.map((each) => each.reason).find(Boolean);
    assert.ok(error instanceof kit.RateLimitError);
    assert.ok(error.retryAfter >= 1 && error.retryAfter <= 60);
    assert.equal(error.body.error, "Rate limit exceeded");
  } finally {
    await lever("/hms/settings", { rate_limit: 100000 });
  }
  await lever("/faults", { prefix: "/hms/api/v1/assistants", kind: "429", method: "POST" });
  assert.equal((await ben.own.assistants.create({ name: "Patient" })).name, "Patient");
};

steps.faults = async () => {
  await lever("/faults", { prefix: "/hms/api/v1/voices", kind: "500" });
  assert.ok((await ben.own.voices.list()).length > 0);
  await lever("/faults", { prefix: "/hms/api/v1/assistants", kind: "502", method: "POST" });
  const error = await refused(() => ben.own.assistants.create({ name: "Once" }), kit.ApiRequestError, 502);
  assert.match(error.message, /bad gateway/i);
  assert.equal((await ben.own.assistants.list()).some((each) => each.name === "Once"), false);
};

steps.webhooks = async () => {
  const got = [];
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      got.push({ headers: request.headers, payload: Buffer.concat(chunks).toString() });
      response.end("{}");
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  try {
    const url = `http://hooks.localhost:${server.address().port}/hms`;
    const told = await agency(500, { webhook_url: url, webhook_secret: "s3cret" });
    await lever("/hms/calls/inbound", { number: told.phone_number, talk_seconds: 1.1 });
    const report = await until(() => got.find((each) => each.headers["x-webhook-event"] === "end-of-call-report"));
    const signed = (one, secret) => ({
      payload: one.payload,
      signature: one.headers["x-webhook-signature"],
      timestamp: one.headers["x-webhook-timestamp"],
      secret,
    });
    const { message } = kit.Webhooks.verify(signed(report, "s3cret"));
    assert.deepEqual([message.type, message.duration_seconds], ["end-of-call-report", 1]);
    assert.equal((await told.own.calls.get(message.call.id)).duration_seconds, 1);
    assert.throws(() => kit.Webhooks.verify(signed(report, "other")), kit.WebhookVerificationError);
    const forged = { ...report, payload: report.payload.replace('"duration_seconds": 1', '"duration_seconds": 0') };
    assert.throws(() => kit.Webhooks.verify(signed(forged, "s3cret")), kit.WebhookVerificationError);
    const types = got.map((one) => kit.Webhooks.verify(signed(one, "s3cret")).message.type);
    assert.deepEqual(types, ["assistant-request", "status-update", "status-update", "end-of-call-report"]);
  } finally {
    server.close();
  }
};

const told = {};
for (const [name, step] of Object.entries(steps)) {
  told[name] = await step().then(() => "ok", (error) => error.stack);
}
console.log(JSON.stringify(told));
