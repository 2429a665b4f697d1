/**
 * Turns states, times, numbers and events into the words the reader sees. It makes no elements.
 */

// state → [word, tone it is coloured in, what is going on]
const STATES = {
	open: ["open", "busy", "Reported. The heal starts in a moment."],
	diagnosing: ["diagnosing", "busy", "Looking for the cause."],
	repairing: ["repairing", "busy", "Making candidate fixes and judging each one in the sandbox."],
	proposed: ["needs you", "ask", "A verified fix waits for your decision."],
	merged: ["merged", "busy", "The fix is merged. Its release is being prepared."], // or ENDS_AT_MERGE
	releasing: ["releasing", "busy", "The service is changing over to the release with the fix."],
	soaking: ["soaking", "busy", "The fix is live. Watching whether the crash comes back."],
	resolved: ["healed", "good", "The fix is live and the crash has not come back."],
	declined: ["declined", "calm", "No fix was proposed."],
	rejected: ["rejected", "calm", "The proposal was closed without merging it."],
	rolled_back: ["rolled back", "bad", "The release before the fix is back in service."],
	regressed: ["regressed", "bad", "The crash came back after the fix."],
};

const ENDS_AT_MERGE = ["merged", "good", "The fix is merged; its users get it when you release it."]; // of a service without a deployment

export const NOT_HEALED = ["declined", "rejected", "rolled_back", "regressed"]; // ends of another kind

export const STATE_NAMES = ["proposed", ...Object.keys(STATES).filter((name) => name !== "proposed")]; // what waits for people first

export const spaced = (name) => String(name).replace(/[_-]/g, " ");

/** `deploys`: whether the healer releases what is merged. */
export function stateOf(name, deploys = true) {
	const known = name === "merged" && !deploys ? ENDS_AT_MERGE : STATES[name];
	const [word, tone, says] = known ?? [spaced(name), "calm", ""];
	return { word, tone, says };
}

// state of a release → [word, tone]
const RELEASES = {
	waiting: ["waiting", "busy"],
	canary: ["canary", "busy"],
	soaking: ["soaking", "busy"],
	live: ["live", "good"],
	leaving: ["going back", "ask"],
	failed: ["failed", "bad"],
	rolled_back: ["rolled back", "bad"],
	superseded: ["superseded", "calm"],
};

export function releaseOf(name) {
	const [word, tone] = RELEASES[name] ?? [spaced(name), "calm"];
	return { word, tone };
}

const SERVICE_TONES = { serving: "good", changing: "busy", waiting: "busy", "no deployment": "calm" };
export const serviceTone = (word) => SERVICE_TONES[word] ?? "bad";

const UNITS = { year: 31_536_000, month: 2_592_000, day: 86_400, hour: 3600, minute: 60 };
const RELATIVE = new Intl.RelativeTimeFormat("en");
const ABSOLUTE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
const DAY = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", timeZone: "UTC" });
const STAMP = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const CLOCK = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

const CLOSE_MS = 2000; // the healer tells its time in whole seconds: clocks that differ by less are taken for the same
let ahead = 0; // milliseconds that the healer's clock is ahead of the reader's

/** `date`: as an answer of the healer's has it. */
export function setClock(date) {
	const differ = Date.parse(date) - Date.now();
	ahead = Math.abs(differ) > CLOSE_MS ? differ : 0;
}

/** Seconds between then and now, by the healer's clock, never negative. */
export const since = (iso) => Math.max(0, (Date.now() + ahead - Date.parse(iso)) / 1000 || 0);

export function relative(iso) {
	const [unit, length] = Object.entries(UNITS).find(([, size]) => since(iso) >= size) ?? [];
	return unit ? RELATIVE.format(-Math.trunc(since(iso) / length), unit) : "just now";
}

const local = (format) => (iso) => (Number.isNaN(Date.parse(iso)) ? String(iso) : format.format(new Date(iso)));

/** In the reader's time zone. */
export const absolute = local(ABSOLUTE);
export const stamp = local(STAMP);
export const clock = local(CLOCK);

const ofToday = (iso) => new Date(iso).toDateString() === new Date().toDateString();

/** The day too, where it is another one. */
export const moment = (iso) => (ofToday(iso) ? clock(iso) : stamp(iso));

/** A day of the healer's, which are UTC's. */
export const dayOf = local(DAY);

export function duration(seconds) {
	if (seconds < 1) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
	if (seconds < 60) return `${seconds.toFixed(1)} s`;
	const whole = (unit, length) => `${Math.floor(seconds / UNITS[unit])} ${length} `;
	if (seconds < UNITS.hour) return `${whole("minute", "min")}${Math.floor(seconds % 60)} s`;
	if (seconds < UNITS.day) return `${whole("hour", "h")}${Math.floor((seconds % UNITS.hour) / UNITS.minute)} min`;
	return `${whole("day", "d")}${Math.floor((seconds % UNITS.day) / UNITS.hour)} h`;
}

export const short = (commit) => (commit ? String(commit).slice(0, 7) : "none");
export const withoutHash = (origin) => origin.split("@")[0]; // of a model's name
export const percent = (share) => `${Math.round(share * 100)} %`;
export const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

/** A moment in Unix seconds. */
export const momentAt = (seconds) => moment(new Date(seconds * 1000).toISOString());

/** A proposal's state; before it is published it has no number. */
export const published = (state) => (state === "prepared" ? "not published yet" : state);
export const numbered = (name, number) => (number ? `${name} #${number}` : name);

/** Foreign text may be a megabyte: no more than `limit` characters of it are shown. */
export function clip(text, limit) {
	const whole = String(text ?? "");
	return whole.length <= limit
		? whole
		: `${whole.slice(0, limit)}… (${plural(whole.length - limit, "more character")})`;
}

/** A part of an address as it is meant. */
export function decoded(part) {
	try {
		return decodeURIComponent(part);
	} catch {
		return part; // not UTF-8
	}
}

export const failure = (exception) =>
	typeof exception === "string" ? exception : [exception?.type, exception?.message].filter(Boolean).join(": ");

const because = (text) => (text ? `: ${text}` : "");

// What an event of any type may tell about itself; types with a sentence of their own stand in SENTENCES.
function summary(type, { stage, number, commit, by, seconds, reason, detail, cause, title }) {
	const parts = [type.replace(/[._]/g, " "), stage && spaced(stage), number && `#${number}`, commit && short(commit)];
	parts.push(by && `by ${by}`, seconds > 0 && `in ${duration(seconds)}`);
	return parts.filter(Boolean).join(" ") + because(reason || detail || cause || title);
}

const HEALED_BY = {
	replay: "the running release answers the same request rightly",
	request: "the first real request of the kind was answered",
	sandbox: "proved in the sandbox, and not seen again",
};
const release = (p) => `release ${short(p.commit)}`;
const revert = (p) => numbered("the revert", p.number);

const roleOf = ({ role }) => (role === "viewer" ? "a viewer" : "the operator");
const SAYS = { changes: "asks for changes", approval: "approves" };

// Types of events that tell themselves in a sentence of their own.
const SENTENCES = {
	log: (p) => p.message ?? p.text ?? JSON.stringify(p),
	"incident.state": (p) => `${stateOf(p.from).word} → ${stateOf(p.to).word}${because(p.reason)}`,
	"candidate.judged": (p) => `${p.accepted ? "accepted" : "refused"} “${p.summary}” by ${p.origin}${because(p.reason)}`,
	"model.asked": (p) => `${p.model} is asked for ${p.function}, answer ${p.answer} (a prompt of ${p.tokens} tokens)`,
	"model.answered": (p) => `answer ${p.answer} came in ${duration(p.seconds)}, its first word after ${duration(p.first)}`,
	"model.repeated": (p) => `answer ${p.answer} repeats an earlier one`,
	"model.waiting": (p) => `waiting for the model${because(p.reason)}`,
	"operator.signed_in": (p) => `${roleOf(p)} signed in by the ${p.way}`,
	"operator.signed_out": (p) => `${roleOf(p)} signed out`,
	"operator.refused": (p) =>
		`refused: ${plural(Number(p.count), "sign-in")} with a wrong token${p.remote ? `, ${p.remote} from another machine` : ""}`,
	"audit.began": (p) => `events up to ${p.up_to} were chained only now`,
	"audit.resumed": (p) => `started without the file audit-head, after event ${p.up_to}`,
	"operator.example": (p) => `${p.by} tries ${p.example} on ${p.service}`,
	"operator.comment": (p) => `${p.by} says${because(p.reason)}`,
	"operator.request_changes": (p) => `${p.by} asks for changes${because(p.reason)}`,
	"proposal.updated": (p) => `${numbered("proposal", p.number)} is renewed${because(p.title)}`,
	"proposal.remark": (p) => `${p.by} ${SAYS[p.kind] ?? "says"}${because(p.text)}`,
	"proposal.reply": (p) => `the healer replies${because(p.text)}`,
	"proposal.ready": () => "the proposal is a draft no more: it is ready for review",
	"proposal.review_asked": (p) => (p.who ? `${p.who} is asked to review` : "nobody can be asked to review"),
	"proposal.amended": (p) => `${p.by} added commits, now at ${short(p.head_sha)}; that is kept, and proved again`,
	"proposal.rechecked": (p) => `with what ${p.by} added the fix ${p.accepted ? "stands" : "does not stand"}${because(p.reason)}`,
	"proposal.obsolete": (p) => `the proposal is not needed any more${because(p.reason)}`,
	"proposal.reopened": (p) => `${p.by || "somebody"} opened the proposal again`,
	"proposal.checks": (p) => `the repository's own checks: ${p.state}`,
	"round.started": (p) => `round ${p.round} begins${because(p.asked)}`,
	"incident.healed": (p) => `healed after ${duration(p.seconds)}${because(HEALED_BY[p.by])}`,
	"release.prepared": (p) => `${release(p)} is prepared`,
	"release.waits": (p) => `${release(p)} waits${because(p.reason)}`,
	"release.canary": (p) => `${release(p)} goes to a share of the users for ${duration(p.seconds)}`,
	"release.live": (p) => `${release(p)} is live after ${duration(p.seconds)}, before it ${short(p.previous)}`,
	"release.suspected": (p) => `${release(p)} is ${p.blamed ? "to blame" : "not to blame"} for a new crash${because(p.why)}`,
	"release.failed": (p) => `${release(p)} did not go live${because(p.reason)}`,
	"release.stuck": (p) => `${release(p)} serves on, for want of another${because(p.reason)}`,
	"release.rolled_back": (p) => `${release(p)} is taken back, ${short(p.to)} serves again${because(p.reason)}`,
	"release.superseded": (p) => `${release(p)} is left out: ${short(p.by)} holds it and is served already`,
	"service.rolled_back": (p) => `${p.by} has ${short(p.to)} served again${because(p.reason)}`,
	"revert.prepared": (p) => `a revert of ${release(p)} is prepared${because(p.title)}`,
	"revert.opened": (p) => `${revert(p)} is open`,
	"revert.merged": (p) => `${revert(p)} was merged${p.by ? ` by ${p.by}` : ""}`,
	"revert.closed": (p) => `${revert(p)} was closed${p.by ? ` by ${p.by}` : ""}${because(p.reason)}`,
	"revert.impossible": (p) => `${release(p)} cannot be taken back by itself on the branch${because(p.reason)}`,
	"proposal.merging": (p) => `merged without a person: confidence ${percent(p.confidence)}, risk ${percent(p.risk)}`,
	"autonomy.held": (p) => `nothing is merged without a person for now${because(p.reason)}`,
	"autonomy.left_to_people": (p) => `the merge is left to people${because(p.reason)}`,
	"notification.failed": (p) =>
		`${p.target} was not told of ${p.number > 1 ? plural(p.number, "state change") : "it"}${because(p.reason)}`,
	"healer.working": (p) => `the healer at ${p.url} does the work now`,
	"forge.waits": (p) => `waiting for the forge${p.until ? ` until ${clock(p.until)}` : ""}${because(p.reason)}`,
};

export function told({ type, payload = {} }) {
	return clip((SENTENCES[type] ?? ((p) => summary(type, p)))(payload), 2000);
}
