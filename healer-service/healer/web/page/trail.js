/**
 * The event log as rows of a table, and which events that come now belong to it. It asks nothing.
 */

import { h } from "./dom.js";
import { block } from "./parts.js";
import { absolute, clip, stamp, told } from "./words.js";

const NAMES_NO_PERSON = new Set(["incident.healed", "release.superseded"]); // whose `by` is something else
const PATHS = { service: (name) => `/services/${encodeURIComponent(name)}` };

const within = (text, part) => text.toLowerCase().includes(part.toLowerCase());
const written = (text) => JSON.stringify(text).slice(1, -1); // as it stands in a payload

/** Whether the filters let an event through, as the API's do. */
function matches(event, { type = "", key, by, since, until, q = "" }) {
	const types = type.split(",").map((name) => name.trim()).filter(Boolean);
	const at = Date.parse(event.timestamp);
	return (
		(!types.length || types.includes(event.type)) &&
		(!key || event.key.startsWith(key)) &&
		(!by || String(event.payload?.by).toLowerCase() === by.toLowerCase()) &&
		(!since || at >= Date.parse(since)) &&
		(!until || at < Date.parse(until)) &&
		(within(event.type, q) || within(event.key, q) || within(JSON.stringify(event.payload), written(q)))
	);
}

function inWords(event) {
	try {
		return told(event);
	} catch {
		return clip(event.type, 200); // a payload that the healer did not write
	}
}

function about(key) {
	const [kind, ...rest] = key.split("/");
	if (rest.length && PATHS[kind]) return h("a", { href: PATHS[kind](rest.join("/")) }, clip(rest.join("/"), 80));
	if (/^[0-9a-f]{12}$/.test(key)) return h("a", { href: `/incidents/${key}` }, h("code", key));
	return clip(key, 80);
}

function who({ type, payload }) {
	const by = !NAMES_NO_PERSON.has(type) && payload?.by;
	if (!by) return h("span.dim", "healer");
	const how = [payload.way, payload.from === "remote" && "from afar"].filter(Boolean).join(", ");
	return [h("span", clip(by, 80)), how && h("span.dim.how", clip(how, 80))];
}

function raw(event, open, redraw) {
	const isOpen = open.has(event.id);
	const ontoggle = ({ currentTarget }) => {
		if (currentTarget.open === open.has(event.id)) return;
		if (currentTarget.open) open.add(event.id);
		else open.delete(event.id);
		redraw();
	};
	return h(
		"details.raw",
		{ ontoggle },
		h("summary", h("code", clip(event.type, 80))),
		isOpen && block(`Event ${event.id} as it is stored`, JSON.stringify(event, null, 2)),
	);
}

const drawn = new WeakMap(); // event → [whether it is open, its row]: a log of a thousand rows is not described anew each time

/** `open`: ids of the events that the reader opened. */
export function row(event, open, redraw) {
	const [wasOpen, known] = drawn.get(event) ?? [];
	if (known && wasOpen === open.has(event.id)) return known;
	const made = h(
		"tr",
		{ key: event.id },
		h("td.at", h("time", { datetime: event.timestamp, title: absolute(event.timestamp) }, stamp(event.timestamp))),
		h("td.what", h("p", inWords(event)), raw(event, open, redraw)),
		h("td.who", who(event)),
		h("td.about", about(String(event.key))),
	);
	drawn.set(event, [open.has(event.id), made]);
	return made;
}

const MOST = 1000; // events that come now are kept on top of what was asked for

/** The data with the events that came, newest first; the end is let go of when it becomes too much. */
export function grown(data, events, filters) {
	const newest = data.events[0]?.id ?? 0;
	const fresh = events.filter((event) => event.id > newest && matches(event, filters)).reverse();
	const last = events.at(-1)?.id ?? 0;
	const more = Math.max(0, last - data.state.last_id);
	const state = { ...data.state, events: data.state.events + more, last_id: data.state.last_id + more };
	if (!fresh.length) return { ...data, state };
	const types = [...new Set([...data.types, ...fresh.map((event) => event.type)])].sort();
	const all = [...fresh, ...data.events];
	const kept = all.slice(0, MOST + data.asked);
	const cut = all.length > kept.length && { next: kept.at(-1).id, reached: null };
	return { ...data, state, types, events: kept, ...cut };
}
