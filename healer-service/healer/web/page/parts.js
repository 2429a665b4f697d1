/**
 * Small pieces that several views show. They hold no state.
 */

import { h } from "./dom.js";
import { coloured } from "./python.js";
import { absolute, clip, relative, stateOf } from "./words.js";

export function badge(word, tone) {
	return h("span", { class: `badge ${tone}` }, word);
}

export function stateBadge(state) {
	return badge(stateOf(state).word, stateOf(state).tone);
}

export function when(iso) {
	return iso ? h("time", { datetime: iso, title: absolute(iso) }, relative(iso)) : "never";
}

export function place(site) {
	return h("code.place.dim", `${site.file}:${site.line}`, site.function && ` ${site.function}()`);
}

/** A part that opens on demand. The reader's choice survives updates as long as `key` stays. */
export function fold(key, summary, open, ...body) {
	return h("details", { key, open }, h("summary", summary), h("div.folded", body));
}

/** Something that may scroll by itself, also by keyboard. No landmark: there may be many of one name. */
function scrolling(name, label, ...content) {
	return h(name, { tabindex: "0", role: "group", "aria-label": label }, content);
}

export function block(label, text, limit = 20_000) {
	return scrolling("pre.block", label, clip(text, limit));
}

/** Lines of code with their numbers: [{text, class, old, new, sign, changed}], the last four where there are any. */
export function source(label, lines, python = true) {
	const row = (line, index) =>
		h(
			"span",
			{ key: index, class: `line ${line.class}` },
			h("span.no", { "data-old": line.old, "data-new": line.new }),
			line.sign && h("span.sign", line.sign),
			h("span", line.class === "hunk" ? line.text : coloured(line.text, line.changed, python), "\n"),
		);
	return scrolling("div.source", label, h("code", lines.map(row)));
}

/** [term, value] pairs; pairs without a value are left out. */
export function facts(pairs) {
	const given = pairs.filter(([, value]) => value);
	return h(
		"dl.facts",
		given.map(([term, value]) => h("div", { key: term }, h("dt", term), h("dd", value))),
	);
}

export function note(text, tone = "calm", key) {
	return h("p", { key, class: `note ${tone}`, role: tone === "bad" ? "alert" : null }, text);
}

/** A button that decides. While it is `off` it does nothing, and keeps the focus that it has. */
export function decision(label, { off, onclick, ...properties }) {
	const still = { "aria-disabled": off && "true", onclick: off ? null : onclick };
	return h("button", { type: "button", ...properties, ...still }, label);
}

const TICK_MS = 10_000; // for which "2 minutes ago" may be out of date

/** `describe`, asked only once for the same object as long as its times stay: what is described again is not compared again. */
export function remembered(describe) {
	const known = new WeakMap();
	return (object) => {
		const tick = Math.floor(Date.now() / TICK_MS);
		if (known.get(object)?.tick !== tick) known.set(object, { tick, described: describe(object) });
		return known.get(object).described;
	};
}

/** A part of the view under its title. */
export function card(name, title, ...body) {
	return h(`section.card.${name}`, { key: name, "aria-labelledby": name }, h("h2", { id: name }, title), body);
}
