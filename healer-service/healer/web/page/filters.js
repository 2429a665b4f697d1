/**
 * The overview's filters. They live in the address, so that sharing it shows the same; the form only writes it.
 */

import { h } from "./dom.js";
import { STATE_NAMES, clip, spaced, stateOf } from "./words.js";

const TYPING_MS = 250; // a pause of the typing reader after which is searched
const NAMES = ["state", "service", "origin", "category", "q", "order"];
const CHOICES = ["service", "category", "origin"];
const ORDERS = [
	["", "seen last"],
	["first_seen", "newest"],
	["count", "most often"],
];

/** What the address asks for: only what is known and not empty. */
export function filtersOf({ searchParams }) {
	const given = NAMES.map((name) => [name, searchParams.get(name)?.trim()]);
	return Object.fromEntries(given.filter(([, value]) => value));
}

export function addressOf(filters) {
	const given = NAMES.filter((name) => filters[name]).map((name) => [name, filters[name]]);
	return given.length ? `/?${new URLSearchParams(given)}` : "/";
}

const toIncidents = () => requestAnimationFrame(() => document.getElementById("incidents")?.scrollIntoView());

/** A link to the incidents that are like this, on the view itself. */
export function filterLink(filters, text, title) {
	return h("a", { href: addressOf(filters), title, onclick: toIncidents }, text);
}

export const statesOf = ({ state }) => state?.split(",").filter(Boolean) ?? [];

/** Whether anything is left out; an order leaves nothing out. */
export const filtering = ({ order, ...filters }) => Object.keys(filters).length > 0;

// The browser keeps what the reader put into a field even when the description says otherwise: when something else than the
// form changed the address, the form is made anew.
let form = 0;
let drawn = null;
let written = []; // addresses that the form made and that are not drawn yet
let typing = 0;

function settle(address) {
	if (address === drawn) return;
	const at = written.lastIndexOf(address);
	if (at < 0) form += 1;
	written = at < 0 ? [] : written.slice(at + 1);
	drawn = address;
}

function go(filters, page, how) {
	clearTimeout(typing);
	const address = addressOf(filters);
	if (address === (written.at(-1) ?? drawn)) return;
	written.push(address);
	page.go(address, how);
}

/** The filters as the form's fields say them now; its state is not in a field. */
function read({ elements }, { state }) {
	const fields = ["q", "order", ...CHOICES].map((name) => [name, elements[name].value.trim()]);
	return { state, ...Object.fromEntries(fields) };
}

function toggled(filters, name) {
	const chosen = statesOf(filters);
	const state = chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name];
	return { ...filters, state: state.join(",") };
}

function chip(state, chosen, label, count, onclick) {
	const words = [label, h("span.count", count.toLocaleString("en"))];
	const tone = state && stateOf(state).tone;
	return h("button", { key: state, type: "button", class: `chip ${tone}`, "aria-pressed": String(chosen), onclick }, words);
}

function stateChips(filters, states, page) {
	const chosen = statesOf(filters);
	const offered = [...new Set([...STATE_NAMES.filter((name) => states[name]), ...chosen])];
	const all = Object.values(states).reduce((sum, count) => sum + count, 0);
	const turn = (next) => ({ currentTarget }) => {
		const fields = read(currentTarget.form, filters);
		go(next(fields), page);
	};
	return h(
		"div.chips",
		{ role: "group", "aria-label": "State" },
		chip("", !chosen.length, "all", all, turn((fields) => ({ ...fields, state: "" }))),
		offered.map((name) =>
			chip(name, chosen.includes(name), stateOf(name).word, states[name] ?? 0, turn((fields) => toggled(fields, name))),
		),
	);
}

function choice(name, label, options, value = "") {
	const option = ([key, words]) => h("option", { key: `=${key}`, value: key, selected: key === value }, words);
	return h("label", { key: name }, h("span", label), h("select", { name }, options.map(option)));
}

/** What a filter may be set to: all that is known of, and what it is set to. */
function offered(name, known, value) {
	const names = [...new Set([...known, value].filter(Boolean))];
	return [["", `any ${name}`], ...names.map((one) => [one, clip(name === "category" ? spaced(one) : one, 60)])];
}

function search(value) {
	const field = { type: "search", name: "q", id: "q", value, maxlength: 200, autocomplete: "off", spellcheck: "false" };
	const example = "Error, message, file, route or id";
	return h("label.search", { key: "q" }, h("span", "Search"), h("input", { ...field, placeholder: example }));
}

function clear({ elements }, page) {
	elements.q.value = "";
	for (const name of [...CHOICES, "order"]) elements[name].selectedIndex = 0;
	elements.q.focus();
	go({}, page);
}

/** `known`: {service, category, origin} → names to choose from; `states`: how many incidents in each state the other filters find. */
export function filterForm(filters, states, known, page) {
	settle(addressOf(filters));
	const write = (fields, how) => go(read(fields, filters), page, how);
	const events = {
		oninput: ({ currentTarget, target }) => {
			if (target.name !== "q") return;
			clearTimeout(typing);
			// Who has left meanwhile is not fetched back.
			typing = setTimeout(() => currentTarget.isConnected && write(currentTarget, { replace: true }), TYPING_MS);
		},
		// A text field's own comes when it is left, also by a form that is made anew: what it says is written already.
		onchange: ({ currentTarget, target }) => target.name !== "q" && write(currentTarget),
		onsubmit: (event) => {
			event.preventDefault();
			write(event.currentTarget);
		},
	};
	return h(
		"form.filters",
		{ key: `filters ${form}`, role: "search", "aria-label": "Incidents", ...events },
		search(filters.q ?? ""),
		CHOICES.map((name) => choice(name, name, offered(name, known[name], filters[name]), filters[name])),
		choice("order", "order", ORDERS, filters.order),
		filtering(filters) &&
			h("button.quiet", { key: "clear", type: "button", onclick: ({ currentTarget }) => clear(currentTarget.form, page) }, "Clear"),
		stateChips(filters, states, page),
	);
}
