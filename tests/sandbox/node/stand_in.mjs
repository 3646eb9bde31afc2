// Speaks to HMS as its own Node client 2.x does on the wire, for machines that do not have that client: the same names,
// requests, retries and errors, for nothing but these tests.
import { createHmac, timingSafeEqual } from "node:crypto";

export class ApiRequestError extends Error {
  constructor(text, status, body) {
    super(text);
    this.status = status;
    this.body = body;
    this.details = Array.isArray(body?.details) ? body.details : undefined;
  }
}
export class AuthenticationError extends ApiRequestError {}
export class InsufficientCreditsError extends ApiRequestError {}
export class NotFoundError extends ApiRequestError {}
export class RateLimitError extends ApiRequestError {}
export class WebhookVerificationError extends Error {}

const KINDS = { 401: AuthenticationError, 402: InsufficientCreditsError, 404: NotFoundError, 429: RateLimitError };
const REPEATABLE = ["GET", "PUT", "DELETE"];
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function part(id) {
  if (["", ".", ".."].includes(id)) throw new TypeError("no id");
  return encodeURIComponent(id);
}

async function refusal(response) {
  const body = await response.json().catch(() => undefined);
  const said = [body?.error, body?.message].filter((text) => typeof text === "string" && text);
  const Kind = KINDS[response.status] ?? ApiRequestError;
  const error = new Kind([...new Set(said)].join(": ") || response.statusText, response.status, body);
  const asked = response.headers.get("Retry-After");
  if (response.status === 429 && asked) error.retryAfter = Number(asked);
  return error;
}

function sender({ apiKey, baseUrl, maxRetries = 2 }) {
  const headers = {
    Authorization: `Bearer ${apiKey}`,
    "Content-Type": "application/json",
    "User-Agent": "hmsovereign-node/2.0.0",
  };
  return async (method, path, body, query = {}) => {
    const url = new URL(baseUrl + path);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
    for (let attempt = 0; ; attempt += 1) {
      const response = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
      if (response.ok) return response.status === 204 ? undefined : response.json();
      const error = await refusal(response);
      const again = response.status === 429 || (response.status >= 500 && REPEATABLE.includes(method));
      if (!again || attempt >= maxRetries) throw error;
      await pause(1000 * (error.retryAfter ?? 2 ** attempt));
    }
  };
}

function collection(send, path, many, one) {
  return {
    list: async () => (await send("GET", path))[many],
    get: async (id) => (await send("GET", `${path}/${part(id)}`))[one],
    create: async (fields) => (await send("POST", path, fields))[one],
    update: async (id, fields) => (await send("PATCH", `${path}/${part(id)}`, fields))[one],
    delete: async (id) => void (await send("DELETE", `${path}/${part(id)}`)),
  };
}

async function* pages(fetchPage) {
  for (let offset = 0, total = 1; offset < total; offset += 100) {
    const { rows, pagination } = await fetchPage(offset);
    total = pagination.total;
    yield* rows;
  }
}

function calls(send) {
  const page = async (query) => {
    const { calls: data, pagination } = await send("GET", "/calls", undefined, query);
    return { data, pagination, hasMore: pagination.offset + data.length < pagination.total };
  };
  const control = (id, command) => send("POST", `/calls/${part(id)}/control`, command);
  return {
    list: page,
    listAll: (query) =>
      pages(async (offset) => {
        const { data, pagination } = await page({ ...query, limit: 100, offset });
        return { rows: data, pagination };
      }),
    get: (id) => send("GET", `/calls/${part(id)}`),
    create: (fields) => send("POST", "/calls/outbound", fields),
    say: (id, content, end = false) => control(id, { type: "say", content, end_after: end }),
    injectContext: (id, content, react = false) =>
      control(id, { type: "inject-context", content, trigger_response: react }),
    transfer: (id, destination, message) => control(id, { type: "transfer", destination, message }),
    end: (id, message) => control(id, { type: "end-call", message }),
  };
}

function usage(send) {
  const list = (query) => send("GET", "/usage", undefined, query);
  return {
    list,
    listAll: (query) =>
      pages(async (offset) => {
        const { logs: rows, pagination } = await list({ ...query, limit: 100, offset });
        return { rows, pagination };
      }),
  };
}

function campaigns(send) {
  const leads = (id) => `/campaigns/${part(id)}/leads`;
  return {
    ...collection(send, "/campaigns", "campaigns", "campaign"),
    listLeads: async (id) => (await send("GET", leads(id))).leads,
    addLead: async (id, fields) => (await send("POST", leads(id), fields)).lead,
    removeLead: async (id, lead) => void (await send("DELETE", `${leads(id)}/${part(lead)}`)),
  };
}

function domains(send) {
  const one = async (method, below = "", body = undefined) => (await send(method, `/domains${below}`, body)).domain;
  return {
    get: () => one("GET"),
    create: (fields) => one("POST", "", fields),
    delete: async () => void (await send("DELETE", "/domains")),
    verify: () => one("POST", "/verify"),
    refresh: () => one("POST", "/refresh"),
    listResendDomains: () => send("GET", "/domains/sync"),
    syncResendDomain: (fields) => one("POST", "/sync", fields),
  };
}

export class HMSSovereign {
  constructor(options) {
    const send = sender(options);
    this.organizations = {
      get: (query) => send("GET", "/organizations", undefined, query),
      create: (fields) => send("POST", "/organizations", fields),
      update: (fields) => send("PATCH", "/organizations", fields),
    };
    this.byok = {
      get: () => send("GET", "/byok"),
      set: (fields) => send("POST", "/byok", fields),
      saveConfig: (fields) => send("POST", "/byok/config", fields),
      delete: (fields) => send("DELETE", "/byok", fields),
    };
    this.assistants = collection(send, "/assistants", "assistants", "assistant");
    this.numbers = collection(send, "/numbers", "numbers", "number");
    this.sipTrunks = collection(send, "/sip-trunks", "trunks", "trunk");
    this.voices = collection(send, "/voices", "voices", "voice");
    this.toolTemplates = collection(send, "/tool-templates", "tool_templates", "tool_template");
    this.analysisTemplates = collection(send, "/analysis-templates", "analysis_templates", "analysis_template");
    this.calls = calls(send);
    this.usage = usage(send);
    this.campaigns = campaigns(send);
    this.domains = domains(send);
  }
}

export const Webhooks = {
  verify({ payload, signature, timestamp, secret, maxAge = 300 }) {
    const age = Math.abs(Date.now() / 1000 - Number(timestamp));
    const wanted = createHmac("sha256", secret).update(`${timestamp}.${payload}`).digest();
    const given = Buffer.from((signature ?? "").replace(/^sha256=/, ""), "hex");
    if (!(age <= maxAge) || given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
      throw new WebhookVerificationError("not from HMS, or not from now");
    }
    return JSON.parse(payload);
  },
};
