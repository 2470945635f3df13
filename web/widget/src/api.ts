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

// What a failed call throws. Status 0: no answer, so it is not known whether the command arrived.
export interface Failure {
  status: number;
  code?: string;
  field?: string;
  wait?: string | null; // Retry-After, seconds
}

// Refused for good: the same request would get the same answer.
export const final = (f: Failure) => f.status >= 400 && f.status < 500 && f.status !== 429;

export async function request(url: string, token?: string, body?: object): Promise<Response> {
  const answer = await fetch(url, {
    method: body ? "POST" : "GET",
    headers: token ? { Authorization: `Bearer ${token}` } : {},
    body: body && new Blob([JSON.stringify(body)], { type: "application/json" }), // brings its own Content-Type
    signal: AbortSignal.timeout(10_000),
  }).catch(() => undefined);
  if (answer?.ok) return answer;
  const error: Partial<Schemas["Error"]> = await answer?.json().catch(() => {}); // a proxy's error page is no JSON
  throw { ...error, status: answer?.status ?? 0, wait: answer?.headers.get("Retry-After") } satisfies Failure;
}

// The name in filename*=UTF-8''… of Content-Disposition (D-52); a plain one where the header was taken away.
export const fileName = (header: string | null) => decodeURIComponent(/''([^;]+)/.exec(header ?? "''chat.txt")![1]!);

export const newId = () => crypto.getRandomValues(new BigUint64Array(2)).join("-");

// Waiting before attempt n: doubling, at most 30 s, spread so that clients do not come back all at once.
export const backoff = (n: number) => Math.min(30_000, 1000 * 2 ** n) * (0.5 + Math.random() / 2);
