/**
 * The audit trail: what happened, newest first, by what the address asks for; whether the log is whole; and its export.
 */

import * as api from "./api.js";
import { h } from "./dom.js";
import { badge, card, note } from "./parts.js";
import { grown, row } from "./trail.js";
import { absolute, clip, plural } from "./words.js";

const NAMES = ["type", "key", "by", "since", "until", "q"];
const TYPING_MS = 250;
const PAGE = 100;
const MOST_AT_ONCE = 500; // the API's bound
const MOST = 2000;

// --- the address

function filtersOf({ searchParams }) {
	return Object.fromEntries(NAMES.map((name) => [name, searchParams.get(name)?.trim()]).filter(([, value]) => value));
}

const queryOf = (filters, more = {}) => new URLSearchParams({ ...filters, ...more });
const addressOf = (filters) => (Object.keys(filters).length ? `/audit?${queryOf(filters)}` : "/audit");

// --- the log

async function load(filters, { keep }) {
	const asked = keep.asked ?? PAGE;
	const [state, first] = await Promise.all([api.auditState(), ask(filters, asked)]);
	const data = { ...first, state, asked, of: addressOf(filters) };
	const { further } = keep;
	keep.further = null;
	while (data.next && !data.reached && data.events.length < asked)
		Object.assign(data, followed(data, await ask(filters, asked - data.events.length, data.next)));
	// What took too long to find at once is searched for as far as the reader asks, and no stretch of it twice.
	if (further?.of === data.of) data.further = { of: further.before, answer: await ask(filters, PAGE, further.before) };
	return data;
}

const followed = ({ events }, older) => ({ events: [...events, ...older.events], next: older.next, reached: older.reached });

/** An answer with what came before its oldest event and was shown already: it stays where it is read. */
function joined(before, { further, ...answer }) {
	const isFurther = before?.of === answer.of && answer.next && !(before.next >= answer.next);
	const older = isFurther && { ...before, events: before.events.filter(({ id }) => id < answer.next) };
	const data = older ? { ...answer, ...followed(answer, older) } : answer;
	return further && further.of === data.next ? { ...data, ...followed(data, further.answer) } : data;
}

const ask = (filters, count, before) =>
	api.auditEvents(queryOf(filters, { limit: Math.min(count, MOST_AT_ONCE), ...(before && { before }) }));

/** Whether new rows on top would move what is being read. */
const reading = (open) => open.size > 0 || window.scrollY > 0 || Boolean(document.getSelection()?.toString());

function table({ events, next, reached, of }, { keep, redraw, changed }) {
	if (keep.of !== of) Object.assign(keep, { of, open: new Set(), shown: undefined, newest: Infinity });
	if (!reading(keep.open)) keep.newest = Infinity;
	else if (keep.newest === Infinity) keep.newest = keep.shown ?? Infinity;
	const held = events.filter((event) => event.id > keep.newest);
	keep.shown = held.length ? keep.newest : events[0]?.id;
	const show = () => {
		keep.newest = Infinity;
		keep.shown = undefined;
		window.scrollTo(0, 0);
		redraw();
	};
	const further = () => {
		if (reached) keep.further = { of, before: next };
		else keep.asked = Math.min(MOST, events.length + PAGE);
		changed("");
	};
	if (!events.length && !next) return h("p.dim", { key: "none" }, "The log holds no such event.");
	return [
		held.length > 0 &&
			h("button.newer", { key: "newer", type: "button", onclick: show }, `Show ${plural(held.length, "newer event")}`),
		events.length > 0 &&
			h(
				"table.trail",
				{ key: "trail", "aria-label": "Events" },
				h("thead", h("tr", ["When", "What", "Who", "About"].map((name) => h("th", { key: name, scope: "col" }, name)))),
				h("tbody", events.slice(held.length).map((event) => row(event, keep.open, redraw))),
			),
		reached &&
			h("p.dim", { key: "reached" }, `Searched back to ${absolute(reached)}${events.length ? "" : ": no such event"}.`),
		next &&
			(events.length < MOST
				? h("button", { key: "older", type: "button", onclick: further }, "Show older ones")
				: h("p.dim", { key: "older" }, "There are older ones: narrow the filters, or export the log.")),
	];
}

// --- the filters

const TIME = { since: "From", until: "Before" };

/** A moment as the field of a form has it, in the reader's zone; what says no zone is UTC. */
function fieldOf(iso = "") {
	const moment = new Date(/T[^Z+-]*$/.test(iso) ? `${iso}Z` : iso);
	if (Number.isNaN(moment.getTime())) return "";
	return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function momentOf(field, before = "") {
	if (field === fieldOf(before)) return before; // its seconds are not in the field
	return field && new Date(field).toISOString();
}

function read({ elements }, filters) {
	const given = NAMES.map((name) => {
		const value = elements[name].value.trim();
		return [name, name in TIME ? momentOf(value, filters[name]) : value];
	});
	return Object.fromEntries(given.filter(([, value]) => value));
}

function field(label, name, value = "", attributes = {}) {
	return h("label", { key: name }, h("span", label), h("input", { name, value, maxlength: 200, autocomplete: "off", ...attributes }));
}

function typeField(types, chosen = "") {
	const known = [...new Set([...types, chosen].filter(Boolean))];
	const options = [["", "all"], ...known.map((name) => [name, clip(name, 60)])];
	const option = ([value, words]) => h("option", { key: `=${value}`, value, selected: value === chosen }, words);
	return h("label", { key: "type" }, h("span", "Kind"), h("select", { name: "type" }, options.map(option)));
}

let typing = 0;

function filterForm(filters, types, { keep, go }) {
	// The browser keeps what was typed whatever is described: another address than the form's own makes the form anew.
	const address = addressOf(filters);
	if (keep.written !== address) Object.assign(keep, { form: (keep.form ?? 0) + 1, written: address });
	const write = (form, how) => {
		clearTimeout(typing);
		if (!form.isConnected) return;
		const wanted = addressOf(read(form, filters));
		if (wanted === keep.written) return;
		keep.written = wanted;
		go(wanted, how);
	};
	const events = {
		oninput: ({ currentTarget, target }) => {
			clearTimeout(typing);
			if (target.name in TIME || target.name === "type") return;
			typing = setTimeout(() => write(currentTarget, { replace: true }), TYPING_MS);
		},
		onchange: ({ currentTarget }) => write(currentTarget),
		onsubmit: (event) => {
			event.preventDefault();
			write(event.currentTarget);
		},
	};
	const clear = ({ currentTarget: { form } }) => {
		for (const name of NAMES) form.elements[name].value = "";
		form.elements.q.focus(); // the button goes
		write(form);
	};
	return h(
		"form.filters",
		{ key: `filters ${keep.form}`, role: "search", "aria-label": "Events", ...events },
		field("Text", "q", filters.q, { type: "search", placeholder: "Anywhere in an event" }),
		typeField(types, filters.type),
		field("Incident", "key", filters.key, { placeholder: "Its id", spellcheck: "false" }),
		field("Who", "by", filters.by, { placeholder: "operator" }),
		Object.entries(TIME).map(([name, label]) => field(label, name, fieldOf(filters[name]), { type: "datetime-local" })),
		address !== "/audit" && h("button.quiet", { key: "clear", type: "button", onclick: clear }, "Clear"),
	);
}

function exports(filters) {
	const link = (format, words) =>
		h("a", { key: format, href: `/api/v1/audit/export?${queryOf(filters, { format })}`, download: true }, words);
	return h("p.exports", { key: "exports" }, "Export these events, oldest first: ", link("jsonl", "JSON lines"), " ", link("csv", "CSV"));
}

// --- the chain

const CHANGES = {
	"audit.began": ({ up_to }, at) =>
		`Events up to ${up_to} were chained only on ${at}: what happened to them before that cannot be told.`,
	"audit.resumed": ({ up_to }, at) =>
		`On ${at} the healer started without its file audit-head: whether the log went on after event ${up_to} before that cannot be told.`,
};

function noted({ id, type, timestamp, payload }) {
	return CHANGES[type] && note(CHANGES[type](payload ?? {}, absolute(timestamp)), "calm", `note ${id}`);
}

function outcome({ whole, checked, events, last_id, digest, flaw }) {
	if (!whole) {
		const until = events > 0 && checked === "all" && ` The log is as it was written up to event ${last_id}.`;
		return note([flaw.detail, ".", until], "bad", "flaw");
	}
	const count = plural(events, "event");
	if (checked === "end") return h("p", { key: "end" }, `${count}; the end is as it was written.`);
	return h("p", { key: "all" }, `${count}, each as it was written; the last is number ${last_id} with digest `, h("code", digest), ".");
}

function chain(data, { keep, redraw, changed }) {
	const { verified } = keep;
	const state = verified && (data.state.whole || !verified.whole) ? verified : data.state; // a flaw that is found stays
	const check = async () => {
		if (keep.checking) return;
		Object.assign(keep, { checking: true, problem: "", verified: null });
		redraw();
		try {
			keep.verified = await api.auditVerify();
		} catch (error) {
			keep.problem = error.message;
		}
		keep.checking = false;
		changed(keep.verified ? `The log is ${keep.verified.whole ? "whole" : "broken"}.` : keep.problem);
	};
	return card(
		"chain",
		["The chain ", badge(state.whole ? (state.checked === "end" ? "end intact" : "whole") : "broken", state.whole ? "good" : "bad")],
		outcome(state),
		state.notes.map(noted),
		keep.problem && note(keep.problem, "bad", "problem"),
		h("button", { key: "check", type: "button", disabled: keep.checking, onclick: check }, keep.checking ? "Checking…" : "Check everything"),
	);
}

export const view = {
	match: (url) => (url.pathname === "/audit" ? filtersOf(url) : null),
	load,
	show: (data, filters, page) => [
		h("h1", { key: "h1", tabindex: "-1" }, "Audit"),
		chain(data, page),
		h(
			"section.card.events",
			{ key: "events", "aria-labelledby": "events" },
			h("div.row", h("h2", { id: "events" }, "Events"), exports(filters)),
			filterForm(filters, data.types, page),
			table(data, page),
		),
	],
	title: () => "Audit",
	concerns: () => false, // what comes is shown from the event itself
	after: grown,
	joined,
	known: ({ events }) => events[0]?.id ?? -1,
	every: 30, // digests, and whether the end is whole
};
