/** The calls that a listener needs, by their names in Berkeley sockets. */
export type SocketFunction =
  | "socket"
  | "bind"
  | "listen"
  | "accept"
  | "connect"
  | "recv"
  | "send"
  | "shutdown"
  | "getsockopt"
  | "control"
  | "close";

/** A system's sockets as data: the code over it is the same everywhere. Declarations are as koffi reads them. */
export interface SocketSystem {
  /** Null is what this process has loaded already. */
  readonly library: string | null;
  readonly functions: Readonly<Record<SocketFunction, string>>;
  /** Where the number of the last error is; undefined for errno. */
  readonly lastError: string | undefined;
  readonly constants: {
    readonly AF_UNIX: number;
    readonly SOCK_STREAM: number;
    /** The second argument of `shutdown`: nothing more is sent. */
    readonly SHUT_WR: number;
    readonly SOL_SOCKET: number;
    readonly SO_ERROR: number;
    /** Of `control`: calls on the socket never wait. */
    readonly FIONBIO: number;
    /** Of `send`: a peer that has gone is an error, not a signal. */
    readonly MSG_NOSIGNAL: number;
  };
  /** The call after which programs that this process starts don't get the socket. */
  readonly keepFromChildren: {
    readonly library: string | null;
    readonly declaration: string;
    /** After the socket. */
    readonly rest: readonly (number | null)[];
    /** What it answers when it failed. */
    readonly failure: number;
  };
  /** Node's names of those errors that are told apart or that an administrator may meet. */
  readonly errors: Readonly<Record<number, string>>;
  /** Mode of the socket's file; undefined where its directory decides who may connect. */
  readonly fileMode: number | undefined;
}

/** glibc and musl on all of Node's architectures: <sys/socket.h>, <asm-generic/socket.h>, <asm-generic/ioctls.h>, errno(3). */
export const linuxSockets: SocketSystem = {
  library: null,
  functions: {
    socket: "int socket(int domain, int type, int protocol)",
    bind: "int bind(int socket, void *address, unsigned int length)",
    listen: "int listen(int socket, int backlog)",
    accept: "int accept(int socket, void *address, void *length)",
    connect: "int connect(int socket, void *address, unsigned int length)",
    recv: "intptr_t recv(int socket, void *buffer, size_t length, int flags)",
    send: "intptr_t send(int socket, void *buffer, size_t length, int flags)",
    shutdown: "int shutdown(int socket, int how)",
    getsockopt: "int getsockopt(int socket, int level, int name, void *value, void *length)",
    control: "int ioctl(int socket, unsigned long request, void *argument)",
    close: "int close(int socket)",
  },
  lastError: undefined,
  constants: {
    AF_UNIX: 1,
    SOCK_STREAM: 1,
    SHUT_WR: 1,
    SOL_SOCKET: 1,
    SO_ERROR: 4,
    FIONBIO: 0x5421,
    MSG_NOSIGNAL: 0x4000,
  },
  keepFromChildren: {
    library: null,
    declaration: "int ioctl(int socket, unsigned long request, void *argument)",
    // FIOCLEX
    rest: [0x5451, null],
    failure: -1,
  },
  errors: {
    2: "ENOENT",
    4: "EINTR",
    11: "EAGAIN",
    13: "EACCES",
    23: "ENFILE",
    24: "EMFILE",
    32: "EPIPE",
    97: "EAFNOSUPPORT",
    98: "EADDRINUSE",
    103: "ECONNABORTED",
    104: "ECONNRESET",
    105: "ENOBUFS",
    107: "ENOTCONN",
    111: "ECONNREFUSED",
    115: "EINPROGRESS",
  },
  fileMode: 0o600,
};

/**
 * Windows with AF_UNIX sockets (Server 2019, Windows 10 1803) in its 64-bit forms, where a SOCKET is as wide as a
 * pointer. Node has started Winsock for this process. Never run by the tests, which hold it to what the headers say.
 */
export const windowsSockets: SocketSystem = {
  library: "ws2_32.dll",
  functions: {
    socket: "intptr_t __stdcall socket(int af, int type, int protocol)",
    bind: "int __stdcall bind(intptr_t s, void *name, int namelen)",
    listen: "int __stdcall listen(intptr_t s, int backlog)",
    accept: "intptr_t __stdcall accept(intptr_t s, void *addr, void *addrlen)",
    connect: "int __stdcall connect(intptr_t s, void *name, int namelen)",
    recv: "int __stdcall recv(intptr_t s, void *buf, int len, int flags)",
    send: "int __stdcall send(intptr_t s, void *buf, int len, int flags)",
    shutdown: "int __stdcall shutdown(intptr_t s, int how)",
    getsockopt: "int __stdcall getsockopt(intptr_t s, int level, int optname, void *optval, void *optlen)",
    control: "int __stdcall ioctlsocket(intptr_t s, uint32_t cmd, void *argp)",
    close: "int __stdcall closesocket(intptr_t s)",
  },
  lastError: "int __stdcall WSAGetLastError()",
  constants: {
    AF_UNIX: 1,
    SOCK_STREAM: 1,
    SHUT_WR: 1,
    SOL_SOCKET: 0xffff,
    SO_ERROR: 0x1007,
    FIONBIO: 0x8004667e,
    MSG_NOSIGNAL: 0,
  },
  keepFromChildren: {
    library: "kernel32.dll",
    declaration: "int __stdcall SetHandleInformation(intptr_t object, uint32_t mask, uint32_t flags)",
    // HANDLE_FLAG_INHERIT is cleared.
    rest: [1, 0],
    failure: 0,
  },
  errors: {
    2: "ENOENT",
    10004: "EINTR",
    10013: "EACCES",
    10022: "EINVAL",
    10024: "EMFILE",
    10035: "EAGAIN",
    10036: "EINPROGRESS",
    10047: "EAFNOSUPPORT",
    10048: "EADDRINUSE",
    10053: "ECONNABORTED",
    10054: "ECONNRESET",
    10055: "ENOBUFS",
    10057: "ENOTCONN",
    10058: "EPIPE",
    10061: "ECONNREFUSED",
  },
  fileMode: undefined,
};
