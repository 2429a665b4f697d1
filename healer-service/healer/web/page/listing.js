/**
 * The incidents that the overview lists: the first page, what "Show more" brought, and what an event changes before the API is
 * asked again. It draws nothing.
 */

import * as api from "./api.js";
import { addressOf, statesOf } from "./filters.js";

const PAGE = 50;
const MOST = 200; // incidents in one answer of the API

// What is listed now, and how many the reader asked for: it outlives an update, and the way to an incident and back.
let shown = { address: null, asked: PAGE, incidents: [], next: null };

/** Those that were listed and stand behind the answer's end: they stay, unless their state is not asked for now. */
function behind(incidents, filters) {
	const known = new Set(incidents.map((one) => one.id));
	const states = statesOf(filters);
	const by = filters.order ?? "last_seen";
	const end = incidents.at(-1)[by];
	const belongs = (one) => one[by] <= end && (!states.length || states.includes(one.state));
	return shown.incidents.filter((one) => !known.has(one.id) && belongs(one));
}

/** What the API does not find sensible, an unknown state for one, takes nothing else away. */
const refused = (error) => {
	if (error.status !== 400) throw error;
	return { incidents: [], next: null, total: 0, states: {}, problem: error.message };
};

/**
 * Asks for as many as the reader saw; what is more than one answer can hold stays as it was. → {incidents, next, total, states,
 * problem}
 */
export const load = (filters) => found(filters).catch(refused);

async function found(filters) {
	const address = addressOf(filters);
	if (shown.address !== address) shown = { address, asked: PAGE, incidents: [], next: null };
	const answer = await api.incidents({ ...filters, limit: Math.min(shown.asked, MOST) });
	if (shown.address !== address) return answer;
	const kept = shown.asked > MOST && answer.next ? behind(answer.incidents, filters) : [];
	const incidents = [...answer.incidents, ...kept];
	shown = { ...shown, incidents, next: kept.length ? shown.next : answer.next };
	return { ...answer, incidents, next: shown.next };
}

/** Has the next `load` bring one page more. */
export async function further(filters) {
	shown.asked += PAGE;
	if (shown.asked <= MOST) return;
	const { address, next } = shown;
	const answer = await api.incidents({ ...filters, limit: PAGE, cursor: next });
	if (shown.address !== address) return;
	const known = new Set(shown.incidents.map((one) => one.id));
	const more = answer.incidents.filter((one) => !known.has(one.id));
	shown = { ...shown, incidents: [...shown.incidents, ...more], next: answer.next };
}

/** One incident as it is after the event. Applying an event twice changes nothing more. */
export function moved(one, { type, payload = {}, timestamp }) {
	if (type === "incident.state" && payload.to) {
		const proposed = payload.to === "proposed" && (one.proposed_at || timestamp);
		return { ...one, state: payload.to, reason: payload.reason, ...(proposed && { proposed_at: proposed }) };
	}
	if (type !== "report.received" || !(payload.count > one.count)) return one;
	const hours = one.sparkline ?? [];
	const sparkline = hours.length ? hours.with(-1, hours.at(-1) + payload.count - one.count) : hours;
	return { ...one, count: payload.count, last_seen: timestamp > one.last_seen ? timestamp : one.last_seen, sparkline };
}

/** The same incidents after the events, oldest event first. The same array when nothing changed. */
export function after(incidents, events) {
	const places = new Map(incidents.map((one, at) => [one.id, at]));
	const near = events.filter((event) => places.has(event.key));
	if (!near.length) return incidents;
	const next = [...incidents];
	for (const event of near) next[places.get(event.key)] = moved(next[places.get(event.key)], event);
	if (shown.incidents === incidents) shown = { ...shown, incidents: next };
	return next;
}
