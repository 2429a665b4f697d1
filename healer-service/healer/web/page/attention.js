/**
 * What comes first on the overview: what waits for the reader's decision, and what is being done meanwhile.
 */

import { h } from "./dom.js";
import { filterLink } from "./filters.js";
import { moved } from "./listing.js";
import { stateBadge, when } from "./parts.js";
import { clip, failure, plural, stateOf } from "./words.js";

export const WAITING = ["proposed"];
export const WORKING = ["open", "diagnosing", "repairing", "merged", "releasing", "soaking"];
const FEW = 5; // of each are told; the list has them all

/** `{incidents, total}` of those that the test `is` lets in, after the moves, which are [incident before, incident after]. */
function gathered({ incidents, total }, is, moves) {
	const known = new Map(moves.map(([, now]) => [now.id, now]));
	const left = incidents.map((one) => known.get(one.id) ?? one).filter(is);
	const came = moves.filter(([before, now]) => is(now) && !is(before)).map(([, now]) => now);
	const gone = moves.filter(([before, now]) => is(before) && !is(now));
	const others = left.filter((one) => !came.some(({ id }) => id === one.id));
	return { incidents: [...came, ...others].slice(0, FEW), total: total + came.length - gone.length };
}

/** Both parts after the events, oldest first; `listed`: the incidents that are known beside them. */
export function after({ waiting, working, overview }, listed, events) {
	const deploying = overview.services.filter((one) => one.deploys !== false).map((one) => one.name);
	const waits = ({ state }) => WAITING.includes(state);
	const isAtWork = ({ state, service }) => WORKING.includes(state) && (state !== "merged" || deploying.includes(service));
	const known = new Map([...listed, ...working.incidents, ...waiting.incidents].map((one) => [one.id, one]));
	const touched = new Map();
	for (const event of events) {
		const one = touched.get(event.key) ?? known.get(event.key);
		if (one && event.type === "incident.state") touched.set(event.key, moved(one, event));
	}
	const moves = [...touched.values()].map((now) => [known.get(now.id), now]);
	return moves.length ? { waiting: gathered(waiting, waits, moves), working: gathered(working, isAtWork, moves) } : { waiting, working };
}

const crash = (one) => clip(one.title || failure(one.exception), 120);
const address = (one) => `/incidents/${encodeURIComponent(one.id)}`;

/** Something to decide: where that is done, what it is, what is to be known of it. */
function decision(key, href, number, title, about) {
	return h(
		"li.decision",
		{ key },
		h("div.grow", h("a", { href }, h("strong", clip(title, 160))), h("p.dim", about)),
		h("span.go", { "aria-hidden": "true" }, number ? `Review #${number}` : "Review"),
	);
}

function proposal(one) {
	const { number, title } = one.proposal ?? {};
	const about = [`${clip(one.service, 60)} · `, title && `${crash(one)} · `, "proposed ", when(one.proposed_at)];
	return decision(one.id, address(one), number, title || crash(one), about);
}

function revert({ commit, number, title, created_at: at, service }) {
	const about = [`${clip(service, 60)} · takes a release back · proposed `, when(at)];
	return decision(commit, `/services/${encodeURIComponent(service)}`, number, title, about);
}

function job(one) {
	return h(
		"li.job",
		{ key: one.id, title: stateOf(one.state).says },
		stateBadge(one.state),
		h("div.grow", h("a", { href: address(one) }, crash(one)), h("p.dim", clip(one.service, 60), one.route && ` · ${clip(one.route, 80)}`)),
	);
}

function part(name, title, total, items, more, nothing) {
	return h(
		"section",
		{ key: name, class: `card ${name} ${total ? "some" : "none"}`, "aria-labelledby": name },
		h("h2", { id: name }, title, total > 0 && h("span.count", total.toLocaleString("en"))),
		items.length ? h("ul", { key: "list" }, items) : h("p.dim", { key: "nothing" }, nothing),
		total > items.length && h("p", { key: "more" }, more),
	);
}

const all = (states, { total }) => filterLink({ state: states.join(",") }, `All ${plural(total, "incident")}`);

/** `reverts`: those that are not decided, each with its service. */
export function attention({ waiting, working }, reverts) {
	const decisions = [...reverts.map(revert), ...waiting.incidents.map(proposal)];
	const jobs = working.incidents.map(job);
	const total = waiting.total + reverts.length;
	return h(
		"div.attention",
		{ key: "attention" },
		part("waiting", "Needs you", total, decisions, all(WAITING, waiting), "Nothing waits for your decision."),
		part("working", "At work", working.total, jobs, all(WORKING, working), "Nothing is being healed right now."),
	);
}
