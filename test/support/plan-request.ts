import type { MachineFacts, PlanRequest, Wishes } from "../../src/agent/install/request.ts";

/** What the installer's scripts ask on a host where all is well, with some of it changed. */
export function planRequest(facts: Partial<MachineFacts> = {}, wishes: Partial<Wishes> = {}): PlanRequest {
  return {
    facts: {
      isAdministrator: true,
      build: 20_348,
      name: "hv1.example.test",
      hypervModule: "2.0.0.0",
      hypervRuns: true,
      cluster: null,
      compiler: "C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\csc.exe",
      systemRoot: "C:\\Windows",
      programFiles: "C:\\Program Files",
      programData: "C:\\ProgramData",
      archive: "C:\\unpacked",
      nodeExe: "C:\\unpacked\\node.exe",
      service: null,
      portHolder: null,
      account: null,
      volumes: [
        { mountPoint: "C:\\", fileSystem: "NTFS", freeBytes: "53687091200" },
        { mountPoint: "D:\\", fileSystem: "ReFS", freeBytes: "1099511627776" },
      ],
      configuration: null,
      ...facts,
    },
    wishes: {
      group: "rack-1",
      pools: ["D:\\Volumes"],
      port: 9810,
      configDirectory: null,
      clustered: false,
      excludeFromDefender: false,
      remoteAddresses: "any",
      ...wishes,
    },
  };
}
