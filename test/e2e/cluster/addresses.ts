/**
 * Everything is on loopback. The API server is the first address of the services' network, as pods are told, so that
 * pods on the machine's network reach it without a proxy. A node is named by its address, so that logs and exec find it.
 */
export const services = "127.96.0.0/16";
export const apiServer = "127.96.0.1";
export const etcd = "http://127.96.0.2:2379";
export const etcdPeers = "http://127.96.0.2:2380";

export const nodeAddress = (number: number) => `127.96.1.${number}`;
/** Addresses of the pods of a node that have a network of their own. */
export const podNetwork = (number: number) => `10.244.${number}.0/24`;
