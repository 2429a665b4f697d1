/**
 * What was said about a proposal, and the field to say something. What a comment brings about is the healer's matter.
 */

import { act } from "./api.js";
import { h } from "./dom.js";
import { watch } from "./follow.js";
import { badge, fold, note, when } from "./parts.js";
import { clip } from "./words.js";
import { long, tooLong, writing } from "./writing.js";

// What a remark is besides a comment, and the tone of it. A reply is the healer's own, under whatever name it writes there.
const KINDS = { changes: ["asks for changes", "ask"], approval: ["approves", "good"], reply: ["the healer", "calm"] };

const LONG = 800; // characters
const COMMANDS = ["/heal explain", "/heal rebase", "/heal retry <hint>", "/heal ignore"];

const under = new Map(); // incident's id → {sending, problem}: the comment that is on its way, or did not get there
const drafts = new Map(); // role and incident's id → what is half written: it outlives the view, also a session that ends

function remark({ id, kind, by, text, at }) {
	const [word, tone] = KINDS[kind] ?? [];
	return h(
		"li",
		{ key: id },
		h("p", kind !== "reply" && h("strong", `${clip(by, 100)} `), word && badge(word, tone), " ", h("span.dim", when(at))),
		said(id, clip(text, 10_000)),
	);
}

/** An answer in full may be pages long: it opens on demand. */
function said(id, text) {
	const whole = h("p.said", text);
	return text.length > LONG ? fold(`said ${id}`, h("span", clip(text.split("\n", 1)[0], 160)), false, whole) : whole;
}

async function send(id, draft, field, { changed, redraw }) {
	if (under.get(id)?.sending) return;
	const text = field.value.trim();
	const problem = text ? tooLong(text) : "Write something first.";
	under.set(id, { sending: !problem, problem });
	redraw();
	if (problem) return;
	try {
		await act(id, "comment", { text });
		under.delete(id);
		drafts.delete(draft);
		field.value = "";
		changed("Your comment is sent.");
	} catch (error) {
		under.set(id, { problem: error.message });
		redraw();
	}
}

function field(id, may, page) {
	const { sending = false, problem } = under.get(id) ?? {};
	const draft = `${page.role} ${id}`; // nobody else sees it
	const text = drafts.get(draft) ?? "";
	const submit = (event) => {
		event.preventDefault();
		send(id, draft, event.currentTarget.elements.namedItem("comment"), page);
	};
	const write = ({ currentTarget: { value } }) => {
		const counted = long(value) || long(drafts.get(draft) ?? "");
		drafts.set(draft, value);
		if (counted) page.redraw();
	};
	// Hidden, not gone, while nothing can be said: what is half written stays. A field for each incident, for the same reason.
	return h(
		"form",
		{ key: `say ${draft}`, onsubmit: submit, hidden: !may },
		writing("Comment", { name: "comment", rows: "2", readonly: sending, "aria-describedby": "obeyed" }, text, write),
		h(
			"p.dim",
			{ id: "obeyed" },
			COMMANDS.map((one, index) => [index > 0 && (index < COMMANDS.length - 1 ? ", " : " and "), h("code", one)]),
			" work here too.",
		),
		problem && note(problem, "bad", "problem"),
		h("div.actions", { key: "send" }, h("button", { type: "submit" }, sending ? "Sending…" : "Comment")),
	);
}

export function discussion({ id, proposal, actions = [] }, page) {
	const remarks = proposal?.discussion ?? [];
	const may = actions.includes("comment") && page.role !== "viewer";
	if (!proposal || !(may || remarks.length)) return null;
	return h(
		"div.discussion",
		{ key: "discussion" },
		h("h3", { id: "discussion" }, "Discussion"),
		remarks.length > 0
			? h(
					"div.said-all.follows",
					{ key: "all", tabindex: "0", role: "log", "aria-labelledby": "discussion", onscroll: watch },
					h("ol", remarks.map(remark)),
				)
			: h("p.dim", { key: "none" }, "Nobody has said anything yet."),
		field(id, may, page),
	);
}
