/**
 * Talks to the healer's JSON API with the session cookie. It keeps no data.
 */

const PATIENCE_MS = 20_000;

/** What went wrong, in words for the reader. `status` is 0 when nothing answered. */
export class Problem extends Error {
	constructor(status, message) {
		super(message);
		this.status = status;
	}
}

async function call(path, options) {
	let response;
	try {
		response = await fetch(path, {
			cache: "no-store",
			signal: AbortSignal.timeout(PATIENCE_MS),
			...options,
		});
	} catch {
		throw new Problem(0, "The healer does not answer. Is it running?");
	}
	const answer = await response.json().catch(() => null); // an action may answer with nothing
	if (response.ok) return answer;
	const said = answer?.detail ?? answer?.title;
	throw new Problem(response.status, typeof said === "string" ? said : `The healer answered ${response.status}.`);
}

function post(path, body) {
	// The second header is one that no form of another site can send.
	const headers = { "content-type": "application/json", "x-requested-with": "healer" };
	return call(path, { method: "POST", headers, body: JSON.stringify(body) });
}

const service = (name) => `/api/v1/services/${encodeURIComponent(name)}`;
const incident = (id) => `/api/v1/incidents/${encodeURIComponent(id)}`;

export const overview = () => call("/api/v1/overview");
export const incidents = () => call("/api/v1/incidents");
export const oneIncident = (id) => call(incident(id));
export const act = (id, action, body) => post(`${incident(id)}/${action}`, body);
export const releases = (name) => call(`${service(name)}/releases`);
export const serve = (name, to, reason) => post(`${service(name)}/rollback`, { to, reason });
export const decideRevert = ({ service: name, commit }, action, body) =>
	post(`${service(name)}/reverts/${encodeURIComponent(commit)}/${action}`, body);
export const automation = (stopped, reason) => post("/api/v1/automation", { stopped, reason });
export const signIn = (token) => post("/signin", { token });
export const signOut = () => post("/signout", {});
