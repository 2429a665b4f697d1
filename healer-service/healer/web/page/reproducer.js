/**
 * A recorded request as a command for a POSIX shell. What it is made of is foreign text, so nothing of it may become anything
 * but one quoted word: no option, no file to read, no key press.
 */

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/; // a header's name or a method; curl takes "@…" for the name of a file
const OWN = ["connection", "content-length", "transfer-encoding", "accept-encoding"]; // curl's own business
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const HERE = "127.0.0.1:8000"; // where nothing else is known

const quoted = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;
const plain = (text) => String(text).replace(UNSEEN, " ");

/** The same JSON with what cannot be seen written out: pasted into a terminal it would act there. */
const inert = (json) =>
	json.replace(UNSEEN, (seen) =>
		seen.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`),
	);

/** A form as it is sent; a field of several values has a list. */
export const encoded = (form) =>
	new URLSearchParams(Object.entries(form).flatMap(([name, value]) => [value].flat().map((one) => [name, one]))).toString();

function base64(text) {
	return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));
}

/** → [options, base64 of what goes to standard input] */
function body({ json_text: json, form, body: text, body_b64: bytes }) {
	if (json !== undefined) return [["--data-raw", quoted(inert(json))], ""];
	if (form) return [["--data-raw", quoted(encoded(form))], ""];
	if (bytes) return [["--data-binary", "@-"], bytes.replace(/[^\w+/=]/g, "")];
	if (!text) return [[], ""];
	return new RegExp(UNSEEN).test(text) ? [["--data-binary", "@-"], base64(text)] : [["--data-raw", quoted(text)], ""];
}

function address(path, service) {
	const escaped = String(path).replace(/[^\x21-\x7e]+/g, (part) => encodeURIComponent(part.toWellFormed()));
	return `http://${service || HERE}${escaped.startsWith("/") ? "" : "/"}${escaped}`;
}

/** Whether something in it was redacted when it was recorded. */
export const isRedacted = (request) => JSON.stringify(request).includes("[redacted]");

/** `service`: where it is served. What the request itself says of that is only a header: anybody may have sent it. */
export function curl(request, service) {
	const { method, path, headers = {} } = request;
	const sent = Object.entries(headers).filter(([name]) => TOKEN.test(name) && !OWN.includes(name.toLowerCase()));
	const [data, input] = body(request);
	const verb = method === "HEAD" ? ["--head"] : ["--include", "--request", quoted(TOKEN.test(method) ? method : "GET")];
	const parts = [
		["curl", "--globoff", "--path-as-is", ...verb],
		...sent.map(([name, value]) => ["--header", quoted(value === "" ? `${name};` : `${name}: ${plain(value)}`)]),
		...(data.length ? [data] : []),
		[quoted(address(path, service))],
	];
	const command = parts.map((part) => part.join(" ")).join(" \\\n  ");
	return input ? `printf %s ${quoted(input)} | base64 -d | ${command}` : command;
}
