import { writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { bundleOf } from "../../support/bundle.ts";
import { stubServer, type StubServer } from "../../support/stub-server.ts";
import { temporaryDirectory } from "../../support/temporary.ts";
import { type Environment, type Run, runProgram } from "./program.ts";

/** The program, and an agent that answers what the test says. */
export interface StubRig {
  readonly bundle: string;
  readonly stub: StubServer;
  readonly environment: Environment;
  run(...args: string[]): Promise<Run>;
}

/** For the tests of the enclosing `describe`. */
export function stubAgent(): StubRig {
  const bundle = bundleOf();
  const stub = stubServer();
  const path = temporaryDirectory();
  before(() => writeFile(path("api.key"), "key-of-a-stub-agent"));
  const rig: StubRig = {
    bundle,
    stub,
    get environment() {
      return { HYPERV_CSI_AGENT_URL: stub.url, HYPERV_CSI_API_KEY_FILE: path("api.key") };
    },
    run: (...args) => runProgram(bundle, rig.environment, args),
  };
  return rig;
}

/** The path and query of a request. */
export function urlOf({ url = "/" }: IncomingMessage): URL {
  return new URL(url, "http://stub");
}

/** A listed volume. */
export function listedVolume(name: string, more: object = {}): object {
  return {
    Path: `/pool/${name}`,
    Name: name,
    Size: 8_388_608,
    DiskIdentifier: "6f1c0c4e-7c5b-4c53-9a4e-2d1f3b7a9e10",
    Host: null,
    Hosts: [],
    Pool: "default",
    Type: "fixed",
    CreatedAt: "2026-05-04T03:02:01.000Z",
    Labels: {},
    Attributes: {},
    Source: null,
    Fault: null,
    ...more,
  };
}

/** A volume as `GET /volume` has it. */
export function volume(name: string): object {
  return {
    name,
    id: "6f1c0c4e-7c5b-4c53-9a4e-2d1f3b7a9e10",
    size: 8_388_608,
    pool: "default",
    type: "fixed",
    created_at: "2026-05-04T03:02:01.000Z",
    labels: {},
    attributes: {},
    source: null,
    fault: null,
  };
}
