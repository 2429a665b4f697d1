/**
 * The crash itself: the traceback with values, and the request that caused it. All of it is foreign text.
 */

import { copyButton } from "./copying.js";
import { h } from "./dom.js";
import { block, fold, source } from "./parts.js";
import { curl, encoded, isRedacted } from "./reproducer.js";
import { clip, failure, plural } from "./words.js";

function code(frame) {
	const context = { [frame.line]: frame.source ?? "", ...frame.context }; // integer keys stay in ascending order
	const lines = Object.entries(context).map(([number, text]) => ({
		text: clip(text, 400),
		new: number,
		class: Number(number) === frame.line ? "fault" : "",
	}));
	return source(`Source around ${frame.file}:${frame.line}`, lines, frame.file.endsWith(".py"));
}

function locals(frame) {
	const values = Object.entries(frame.locals ?? {});
	const row = ([name, value]) =>
		h("tr", { key: name }, h("th", { scope: "row" }, h("code", clip(name, 80))), h("td", h("code", clip(value, 600))));
	return values.length > 0 && h("table", { "aria-label": "Values when it crashed" }, h("tbody", values.map(row)));
}

function appFrame(frame, index, innermost) {
	const title = [h("code", `${frame.file}:${frame.line}`), h("span.dim", ` in ${clip(frame.function, 120)}`)];
	return fold(`frame ${index} ${frame.file} ${frame.line}`, title, innermost, code(frame), locals(frame));
}

function libraryFrames(frames, index) {
	const line = (frame) => `${frame.file}:${frame.line} in ${frame.function}\n    ${frame.source ?? ""}`;
	const title = h("span.dim", plural(frames.length, "library frame"));
	return fold(`library ${index}`, title, false, block("Library frames", frames.map(line).join("\n")));
}

/** Oldest first, as Python prints it; runs of library frames become one closed part. */
export function traceback(report) {
	const frames = report.frames ?? [];
	const innermost = frames.findLastIndex((frame) => frame.in_app);
	const parts = [];
	for (let index = 0; index < frames.length; index += 1) {
		if (frames[index].in_app) {
			parts.push(appFrame(frames[index], index, index === innermost));
			continue;
		}
		const first = index;
		while (frames[index + 1]?.in_app === false) index += 1;
		parts.push(libraryFrames(frames.slice(first, index + 1), first));
	}
	return [parts, h("p.exception", h("code", clip(failure(report.exception), 1000)))];
}

const RELATIONS = { cause: "Caused by", context: "Raised while handling", group: "Member of", member: "Beside it" };

/** The other exceptions of the same crash, nearest first. */
export function chain(list) {
	const item = (one, index) => {
		const title = [`${RELATIONS[one.relation]} `, h("code", clip(failure(one.exception), 200))];
		return fold(`chain ${index}`, title, false, traceback(one));
	};
	return list.map(item);
}

/** JSON with line breaks. It is not read: numbers would become the browser's, 1.0 for one is 1 there. */
function spread(json) {
	let depth = 0;
	const line = (by) => `\n${"  ".repeat((depth += by))}`;
	const MARKS = { "{": 1, "[": 1, "}": -1, "]": -1 };
	return json.replace(/"(?:[^"\\]|\\.)*"|\{\}|\[\]|[{}[\],:]/g, (part) => {
		const by = MARKS[part];
		if (by) return by > 0 ? part + line(1) : line(-1) + part;
		return part === "," ? part + line(0) : part === ":" ? ": " : part;
	});
}

function body(one) {
	if (one.json_text !== undefined) return spread(one.json_text);
	if (one.form) return encoded(one.form);
	return one.body ?? one.body_b64 ?? "";
}

function text(one) {
	const headers = Object.entries(one.headers ?? {}).map(([name, value]) => `${name}: ${value}\n`);
	return block("Request", `${one.method} ${one.path}\n${headers.join("")}\n${body(one)}`.trimEnd());
}

const REDACTED = "Secrets are not recorded: put your own in place of [redacted].";
const CUT = "Its body was too long to be recorded: the command has the beginning of it.";

/** The request that crashed, and how to send it again to the service at `address`. */
export function request(one, address, page) {
	const lacks = [isRedacted(one) && REDACTED, one.truncated && CUT].filter(Boolean).join(" ");
	return [
		text(one),
		h(
			"div.tools",
			{ key: "again" },
			copyButton("Copy as curl", () => curl(one, address), page, lacks || "It is for a shell."),
			lacks && h("p.dim", lacks),
		),
	];
}

export function earlierRequests(list) {
	const item = (one, index) => h("li", { key: index }, text(one), h("p.dim", `answered ${one.status ?? "?"}`));
	const title = h("span.dim", `${plural(list.length, "request")} before it, replayed as set-up`);
	return fold("earlier", title, false, h("ol", list.map(item)));
}
