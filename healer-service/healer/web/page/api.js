/**
 * Talks to the healer's JSON API with the session cookie. It keeps no data.
 */

import { keepPageKey, pageKey } from "./pagekey.js";
import { setClock } from "./words.js";

const PATIENCE_MS = 20_000;
const PATIENCE_WITH_A_PLAY_MS = 90_000; // of several requests to a service
const PATIENCE_WITH_A_WALK_MS = 600_000; // over a log of millions of events
const AWAY = "The healer does not answer. Is it running?";
const UNSURE = "No answer yet: it may have been taken. Look at the log before you send it again.";

/** What went wrong, in words for the reader. `status` is 0 when nothing answered. */
export class Problem extends Error {
	constructor(status, message) {
		super(message);
		this.status = status;
	}
}

let leaving = new AbortController();

/** What was asked is not waited for any more: a browser has six connections for all tabs. What was sent goes on. */
export function leave() {
	leaving.abort();
	leaving = new AbortController();
}

async function call(path, { patience = PATIENCE_MS, ...options } = {}) {
	const ends = [AbortSignal.timeout(patience), ...(options.method ? [] : [leaving.signal])];
	let response;
	let text;
	try {
		response = await fetch(path, { cache: "no-store", signal: AbortSignal.any(ends), ...options });
		text = await response.text();
	} catch ({ name }) {
		if (name === "AbortError") throw new Problem(0, ""); // nobody waits for it
		throw new Problem(0, options.method && name === "TimeoutError" ? UNSURE : AWAY);
	}
	setClock(response.headers.get("date"));
	const answer = parsed(text);
	if (response.ok && (answer !== null || options.method)) return answer;
	const said = answer?.detail ?? answer?.title;
	throw new Problem(response.status, typeof said === "string" ? said : `The healer answered ${response.status}.`);
}

/** An action may answer with nothing, and what stands between here and the healer with anything. */
function parsed(text) {
	try {
		return JSON.parse(text);
	} catch {
		return null;
	}
}

function post(path, body, options) {
	// The second header is one that no form of another site can send, the third one that no other service can know.
	const headers = { "content-type": "application/json", "x-requested-with": "healer", "x-healer-page": pageKey() };
	return call(path, { method: "POST", headers, body: JSON.stringify(body), ...options });
}

const service = (name) => `/api/v1/services/${encodeURIComponent(name)}`;
const incident = (id) => `/api/v1/incidents/${encodeURIComponent(id)}`;

export const session = () => call("/api/v1/session");
export const overview = () => call("/api/v1/overview");
export const incidents = (query) => call(`/api/v1/incidents?${new URLSearchParams(query)}`);
export const statistics = (days) => call(`/api/v1/statistics?days=${days}`);
export const oneIncident = (id) => call(incident(id));
export const act = (id, action, body) => post(`${incident(id)}/${action}`, body);
export const releases = (name) => call(`${service(name)}/releases`);
export const serve = (name, to, reason) => post(`${service(name)}/rollback`, { to, reason });
export const decideRevert = ({ service: name, commit }, action, body) =>
	post(`${service(name)}/reverts/${encodeURIComponent(commit)}/${action}`, body);
export const examples = () => call("/api/v1/examples");
export const playExample = (name, example) =>
	post(`${service(name)}/examples/${encodeURIComponent(example)}`, {}, { patience: PATIENCE_WITH_A_PLAY_MS });
export const automation = (stopped, reason) => post("/api/v1/automation", { stopped, reason });
export const auditEvents = (query) => call(`/api/v1/audit/events?${new URLSearchParams(query)}`);
export const auditState = () => call("/api/v1/audit/state");
export const auditVerify = () =>
	post("/api/v1/audit/verify", {}, { patience: PATIENCE_WITH_A_WALK_MS });
export const signIn = async (token) => keepPageKey((await post("/signin", { token }))?.page_key ?? "");
export const signOut = () => post("/signout", {});
