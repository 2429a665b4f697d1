/**
 * The Execution lane: where the heal stands, the stages of this attempt and of those before, then releases. Nothing is
 * started here.
 */

import { attemptsOf } from "./attempts.js";
import { h } from "./dom.js";
import { card, fold } from "./parts.js";
import { releaseItem } from "./release.js";
import { NOT_HEALED, clip, duration, plural, since, spaced, stateOf } from "./words.js";

const MARKS = { running: "●", done: "✓", failed: "✗" };
const STAGES = {
	fetch: "Fetch the code",
	reproduce: "Reproduce the crash",
	diagnose: "Find the cause",
	repair: "Make and judge fixes",
	propose: "Propose the one that stood",
	recheck: "Prove what others added",
	prepare: "Prepare the release",
	"change-over": "Change over to it",
	verify: "Ask the live release",
};

// What an incident passes on its way, and the states in which each step is under way or where it ended.
const STEPS = [
	["Reported", ["open"]],
	["Diagnosed", ["diagnosing"]],
	["Fix verified", ["repairing"]],
	["Decision", ["proposed", "rejected"]],
	["Released", ["merged", "releasing"]],
	["Healed", ["soaking", "rolled_back", "regressed"]],
];
const stepOf = (state) => STEPS.findIndex(([, states]) => states.includes(state));

/** → for each of STEPS: "done" | "now" | "stopped" | "ahead" */
function progress({ state, diagnosis, deploys = true }) {
	let at = stepOf(state);
	if (state === "declined") at = diagnosis && !diagnosis.decline_reason ? 2 : 1;
	if (state === "resolved") at = STEPS.length;
	return STEPS.map((_, index) =>
		index < at ? "done" : index > at || (state === "merged" && !deploys) ? "ahead" : NOT_HEALED.includes(state) ? "stopped" : "now",
	);
}

/** Seconds in a step, until now where it is under way; null where it was not passed. */
function spent(states, index) {
	const from = states.findIndex(({ state }) => stepOf(state) === index);
	if (from < 0) return null;
	const until = states.slice(from).find(({ state }) => stepOf(state) !== index);
	return until ? (Date.parse(until.at) - Date.parse(states[from].at)) / 1000 : since(states[from].at);
}

export function track(incident) {
	const { word, tone: busy } = stateOf(incident.state, incident.deploys);
	const tone = { now: busy, stopped: "bad" };
	const { states } = attemptsOf(incident).at(-1);
	const step = (how, index) => {
		const seconds = how === "ahead" || how === "stopped" ? null : spent(states, index);
		const took = how === "stopped" ? word : seconds > 0 && duration(seconds);
		return h(
			"li",
			{ class: `${how} ${tone[how] ?? ""}`, "aria-current": tone[how] && "step" },
			h("span.step", STEPS[index][0]),
			took && h("span.took", took),
		);
	};
	return h("ol.track", { "aria-label": "Progress" }, progress(incident).map(step));
}

/** What the model is at, from the newest of its events. */
function writing(lines) {
	const { type, payload, text } = lines.findLast((one) => one.type.startsWith("model.")) ?? {};
	if (type === "model.tokens") return `the model writes answer ${payload.answer}, ${plural(text.length, "character")}`;
	if (type === "model.asked") return `the model reads the question for answer ${payload.answer}`;
	return type === "model.waiting" && "waiting for the model";
}

function counted({ judged, stood }, running, lines) {
	const found = judged > 0 && `${plural(judged, "candidate")} judged, ${stood || "none"} stood`;
	return [found, running && writing(lines)].filter(Boolean).join(" · ");
}

function stage(one, attempt, total, lines) {
	const running = one.state === "running";
	const seconds = one.seconds ?? (running ? since(one.started_at) : null);
	const counts = one.stage === "repair" && counted(attempt, running, lines);
	return h(
		"li",
		{ key: `${one.stage} ${one.started_at}`, class: `stage ${one.state}` },
		h("span.mark", { "aria-hidden": "true" }, MARKS[one.state]),
		h("span.name", STAGES[one.stage] ?? spaced(one.stage), h("span.unseen", ` ${one.state}`)),
		h("span.dim", seconds === null ? "" : duration(seconds)),
		h("progress", { "aria-hidden": "true", max: total || 1, value: seconds ?? 0 }),
		counts && h("span.dim.detail", counts),
		one.detail && h("span.dim.detail", clip(one.detail, 600)),
	);
}

const worked = ({ stages }) =>
	stages.reduce((sum, one) => sum + (one.seconds ?? (one.state === "running" ? since(one.started_at) : 0)), 0);

function stagesOf(attempt, lines) {
	const longest = Math.max(...attempt.stages.map(({ seconds, started_at: at }) => seconds ?? since(at)));
	return h("ol.stages", attempt.stages.map((one) => stage(one, attempt, longest, lines)));
}

/** An attempt's name, and why there is one. */
function named({ number, round, asked, why }) {
	const name = round > 0 ? `Attempt ${number}, round ${round}` : `Attempt ${number}`;
	const because = asked ? `“${clip(asked, 300)}”` : clip(why, 300);
	return because ? `${name}: ${because}` : name;
}

function earlier(attempt) {
	const ended = stateOf(attempt.states.at(-1)?.state ?? "").word;
	const facts = [ended, attempt.stages.length > 0 && duration(worked(attempt))].filter(Boolean).join(", ");
	return fold(
		`attempt ${attempt.number}`,
		[h("span", named(attempt)), h("span.dim", ` ${facts}`)],
		false,
		attempt.stages.length ? stagesOf(attempt, []) : h("p.dim", "No stage ran."),
	);
}

export function executionLane(incident) {
	const { service, releases = [], events = [] } = incident;
	const attempts = attemptsOf(incident);
	const now = attempts.at(-1);
	const before = attempts.slice(0, -1).reverse();
	return card(
		"execution",
		"Execution",
		h(
			"p.dim",
			{ key: "which" },
			before.length > 0 && h("span", named(now)),
			before.length > 0 && now.stages.length > 0 && " · ",
			now.stages.length > 0 && `${duration(worked(now))} of work`,
		),
		now.stages.length ? stagesOf(now, events) : h("p.dim", { key: "none" }, "No stage has run yet."),
		before.map(earlier),
		releases.length > 0 && [
			h("h3", "Releases"),
			h("ul", releases.map((one) => releaseItem(one))),
			h("p", h("a", { href: `/services/${encodeURIComponent(service)}` }, `All releases of ${service}`)),
		],
	);
}
