import type { components } from "../../shared/api.gen";

type Schemas = components["schemas"];
export type Event = Schemas["Event"];
export type EventPage = Schemas["EventPage"];
export type WidgetConfig = Schemas["WidgetConfig"];
export type VisitorState = Schemas["VisitorState"];
export type VisitAnswer = Schemas["VisitAnswer"];
export type VisitorCreated = Schemas["VisitorCreated"];
export type MessageAnswer = Schemas["MessageAnswer"];
export type ServerFrame = Schemas["VisitorServerFrame"];

// What a failed call throws. No code: no answer of our server, so it is not known whether the command arrived.
export interface Failure {
  code?: string;
  field?: string;
  wait?: string | null; // Retry-After, seconds
}

export const tooMany = ({ code }: Failure) => code === "too_many_requests";

// Refused for good: the same request would get the same answer. Not: internal, unavailable, unauthenticated (then a new
// visitor is made), too_many_requests.
export const final = ({ code }: Failure) => code && !/^(int|una|too_m)/.test(code);

export async function request(url: string | URL, token?: string, body?: object): Promise<Response> {
  const answer = await fetch(url, {
    method: body ? "POST" : "GET",
    headers: token ? { Authorization: `Bearer ${token}` } : {},
    body: body && new Blob([JSON.stringify(body)], { type: "application/json" }), // brings its own Content-Type
    signal: AbortSignal.timeout(10_000),
  }).catch(() => undefined);
  if (answer?.ok) return answer;
  const error: Partial<Schemas["Error"]> = await answer?.json().catch(() => {}); // a proxy's error page is no JSON
  throw { ...error, wait: answer?.headers.get("Retry-After") } satisfies Failure;
}

// Need only differ from the other commands of one visitor. Random numbers are multiples of 2 ** -53: no point, no e.
export const newId = () => `${Date.now()}-${Math.random() * 2 ** 53}`;

// Waiting before attempt n: doubling, at most 30 s, spread so that clients do not come back all at once.
export const backoff = (n: number) => Math.min(30_000, 1000 * 2 ** n) * (0.5 + Math.random() / 2);
