import type { Wire } from "../api/api-client.ts";
import { microTime } from "../leader/lease-record.ts";
import { readMetadata } from "../objects/metadata.ts";
import { eventReasons, type EventReason, type ObjectKind, type Reason } from "./reasons.ts";

/** What an Event is told of. */
export interface Regarding {
  readonly kind: ObjectKind;
  readonly name: string;
  /** "" for what is in no namespace. */
  readonly namespace: string;
  readonly uid: string;
}

/** Who tells. */
export interface Reporter {
  /** The driver's name. */
  readonly controller: string;
  /** Name of the replica. */
  readonly instance: string;
}

/** Longest texts that the API takes. */
const LONGEST_NOTE = 1024;
const LONGEST_INSTANCE = 128;
/** Objects in no namespace have their Events here. */
const DEFAULT_NAMESPACE = "default";

export function regarding(kind: ObjectKind, object: Wire): Regarding {
  const { name, namespace, uid } = readMetadata(object);
  return { kind, name, namespace, uid };
}

/** Where the Events of an object are. */
export function eventsOf({ namespace }: Regarding): string {
  return `/apis/events.k8s.io/v1/namespaces/${namespace || DEFAULT_NAMESPACE}/events`;
}

/** Text of an Event: what was found, and what to do next. */
export function noteOf(reason: EventReason, found: string): string {
  const { next }: Reason = eventReasons[reason];
  const room = LONGEST_NOTE - next.length - 3;
  const cut = found.length > room ? `${found.slice(0, room)}…` : found;
  if (next === "") return cut;
  return `${cut}${/[.…]$/.test(cut) ? "" : "."} ${next}`;
}

/** A new `events.k8s.io/v1` Event. */
export function newEvent(on: Regarding, reason: EventReason, note: string, by: Reporter, time: Date): Wire {
  const { type, action } = eventReasons[reason];
  return {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: {
      // As client-go names them: the object's name tells them apart for people, the time makes each its own.
      name: `${on.name.slice(0, 220)}.${process.hrtime.bigint().toString(16)}${time.getTime().toString(16)}`,
      namespace: on.namespace || DEFAULT_NAMESPACE,
    },
    eventTime: microTime(time),
    reportingController: by.controller,
    reportingInstance: by.instance.slice(0, LONGEST_INSTANCE),
    action,
    reason,
    type,
    note,
    regarding: {
      apiVersion: "v1",
      kind: on.kind,
      name: on.name,
      uid: on.uid,
      ...(on.namespace === "" ? {} : { namespace: on.namespace }),
    },
  };
}
