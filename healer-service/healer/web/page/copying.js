/**
 * Buttons that put a text on the clipboard and say so. Where the texts come from is the caller's.
 */

import { h } from "./dom.js";

const SAID_MS = 2500;

async function copy(text) {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		return copiedByHand(text); // over plain HTTP from another machine there is no clipboard
	}
}

function copiedByHand(text) {
	const field = document.createElement("textarea");
	field.className = "unseen";
	field.value = text;
	(document.querySelector("dialog[open]") ?? document.body).append(field);
	field.select();
	const done = document.execCommand("copy");
	field.remove();
	return done;
}

/** `text()` is asked when the button is pressed; `says` is told with it, such as what to look out for. */
export function copyButton(label, text, { keep, redraw }, says = "") {
	const tell = (said) => {
		keep.copied = said && { label, said };
		keep.drawn = (keep.drawn ?? 0) + 1;
		redraw();
	};
	const onclick = async ({ currentTarget: button }) => {
		const done = await copy(text());
		button.focus();
		tell(done ? "Copied" : "The browser did not allow it");
		setTimeout(() => keep.copied?.label === label && tell(null), SAID_MS);
	};
	const said = keep.copied?.label === label ? keep.copied.said : "";
	return h(
		"span.copy",
		{ key: `copy ${label}` },
		h("button.quiet", { type: "button", onclick, title: says || null }, said || label),
		h("span.unseen", { role: "status" }, said && `${said}. ${says}`),
	);
}
