/** An object of Kubernetes, as far as every kind has it. */
export interface KubeObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

export interface Change {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly path: string;
  readonly object: KubeObject;
  readonly version: number;
}

/** What an API server answers in place of an object. */
export class Refusal extends Error {
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string, message = reason) {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}

/** Objects by their paths, with versions that each change raises, and the changes to follow. */
export class ObjectStore {
  readonly #objects = new Map<string, KubeObject>();
  readonly changes: Change[] = [];
  /** Changes up to this version are not kept any more. */
  compacted = 0;
  #version = 100;

  get version(): number {
    return this.#version;
  }

  /** The objects of a collection; in all namespaces where its path names none. */
  list(collection: string): KubeObject[] {
    return [...this.#objects].filter(([path]) => isIn(path, collection)).map(([, object]) => object);
  }

  has(path: string): boolean {
    return this.#objects.has(path);
  }

  get(path: string): KubeObject {
    const object = this.#objects.get(path);
    if (object === undefined) throw new Refusal(404, "NotFound", `${path} not found`);
    return object;
  }

  create(path: string, object: KubeObject): KubeObject {
    if (this.#objects.has(path)) throw new Refusal(409, "AlreadyExists", `${path} already exists`);
    return this.#put("ADDED", path, object);
  }

  replace(path: string, object: KubeObject): KubeObject {
    const now = this.get(path).metadata.resourceVersion;
    const { resourceVersion } = object.metadata;
    if (resourceVersion !== undefined && resourceVersion !== now)
      throw new Refusal(409, "Conflict", "the object has been modified");
    return this.#put("MODIFIED", path, object);
  }

  remove(path: string): void {
    const object = this.get(path);
    this.#objects.delete(path);
    this.changes.push({ type: "DELETED", path, object, version: ++this.#version });
  }

  #put(type: Change["type"], path: string, object: KubeObject): KubeObject {
    const version = ++this.#version;
    const metadata = { uid: `uid-of-${path}`, ...object.metadata, resourceVersion: String(version) };
    const stored = { ...object, metadata };
    this.#objects.set(path, stored);
    this.changes.push({ type, path, object: stored, version });
    return stored;
  }
}

export function isIn(path: string, collection: string): boolean {
  const slash = collection.lastIndexOf("/");
  const [prefix, kind] = [collection.slice(0, slash), collection.slice(slash)];
  const rest = path.startsWith(prefix) ? path.slice(prefix.length) : "";
  return new RegExp(`^(/namespaces/[^/]+)?${kind}/[^/]+$`).test(rest);
}
