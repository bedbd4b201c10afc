/** Where containerd is asked, in a node's own /run. */
export const containerdSocket = "/run/containerd/containerd.sock";

/** containerd's configuration. Images are kept apart from /var/lib, which is an overlay already. */
export function containerdSettings(directory: string): string {
  return `
version = 2
root = "${directory}/containerd"
state = "/run/containerd"
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.tracing", "io.containerd.tracing.processor.v1.otlp",
]
[grpc]
  address = "${containerdSocket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${directory}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:e2e"
  # Where CAP_SYS_RESOURCE is missing runc can't lower a score.
  restrict_oom_score_adj = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${directory}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
`;
}

/** A pod's network: a wire to the machine. Where none is configured a node is never ready. */
export function podNetworkSettings(directory: string, subnet: string) {
  const ipam = { type: "host-local", dataDir: `${directory}/addresses`, ranges: [[{ subnet }]] };
  return { cniVersion: "0.4.0", name: "e2e", plugins: [{ type: "ptp", ipMasq: false, ipam }] };
}

export function kubeletSettings(address: string, cgroup: string) {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address,
    healthzBindAddress: address,
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: "AlwaysAllow" },
    containerRuntimeEndpoint: `unix://${containerdSocket}`,
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${cgroup}`,
    failCgroupV1: false,
    failSwapOn: false,
    resolvConf: "",
    volumePluginDir: "/var/lib/kubelet/volume-plugins",
    evictionHard: { "memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    // Kubelet would add chains to the machine's firewall.
    makeIPTablesUtilChains: false,
    syncFrequency: "10s",
    nodeStatusUpdateFrequency: "5s",
  };
}
