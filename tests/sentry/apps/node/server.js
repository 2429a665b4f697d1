// The ferry for Node: a plain http server that reports with the stock SDK. Serves on the port of its first argument.
const Sentry = require("@sentry/node");
Sentry.init({}); // reads SENTRY_DSN
const http = require("node:http");

const sailings = new Map([["F10", { price: 12.5, seats: 80 }]]);

class NoTimetable extends Error {
  constructor(day, options) {
    super(`no timetable for ${day}`, options);
    this.name = "NoTimetable";
  }
}

function price(booking) {
  const sailing = sailings.get(booking.sailing);
  return sailing.price * booking.passengers.length;
}

function timetable(day) {
  try {
    return JSON.parse(day);
  } catch (error) {
    throw new NoTimetable(day, { cause: error });
  }
}

async function notify(harbour) {
  const numbers = {};
  return numbers[harbour].toUpperCase();
}

async function answer(request) {
  const { pathname } = new URL(request.url, "http://ferry");
  let body = "";
  for await (const chunk of request) body += chunk;
  if (pathname === "/bookings") return { price: price(JSON.parse(body)) };
  if (pathname.startsWith("/timetable/")) return timetable(pathname.slice(11));
  if (pathname.startsWith("/warnings/")) {
    notify(pathname.slice(10)); // nobody awaits it: an unhandled rejection
    return {};
  }
  return { sailings: [...sailings.keys()] };
}

http
  .createServer(async (request, response) => {
    try {
      response.end(JSON.stringify(await answer(request)));
    } catch (error) {
      Sentry.captureException(error);
      response.writeHead(500).end();
    }
  })
  .listen(Number(process.argv[2]), "127.0.0.1");
