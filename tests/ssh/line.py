"""A line to a server that does what lines do: delays, cuts, stalls, flips a byte.

    with Line(port, cut_after=1000) as line:
        ...connect to line.port...

Only what the server sends is counted and harmed. `reply` plays a server that is none: its bytes, then silence.
"""
import socket
import threading
import time


class Line:
    def __init__(self, port=None, delay_s=0, cut_after=None, stall_after=None, flip_at=None, reply=None, flood=None):
        self.to, self.delay_s, self.cut_after, self.stall_after, self.flip_at = port, delay_s, cut_after, stall_after, flip_at
        self.reply, self.flood = reply, flood
        self.passed = 0  # bytes of the server, on the last connection
        self.connections = 0
        self.stopped = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.sockets = []
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for each in [self.listener, *self.sockets]:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()

    def accept(self):
        while not self.stopped.is_set():
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.passed = 0
            self.sockets.append(client)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            if self.to is None:
                client.sendall(self.reply or b"")
                while self.flood and not self.stopped.is_set():
                    client.sendall(self.flood)
                self.stopped.wait()
                return
            server = socket.create_connection(("127.0.0.1", self.to))
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sockets.append(server)
            threading.Thread(target=self.carry, args=(client, server, False), daemon=True).start()
            self.carry(server, client, True)
        except OSError:
            pass

    def carry(self, source, target, counts):
        """Bytes leave `delay_s` after they came, however many are on their way."""
        under_way = []
        arrived = threading.Condition()

        def deliver():
            while True:
                with arrived:
                    while not under_way:
                        arrived.wait()
                    due, piece = under_way.pop(0)
                time.sleep(max(0, due - time.monotonic()))
                try:
                    if piece is None:
                        target.shutdown(socket.SHUT_WR)
                        return
                    target.sendall(piece)
                except OSError:
                    return

        if self.delay_s:
            threading.Thread(target=deliver, daemon=True).start()
        try:
            while piece := source.recv(65536):
                piece = self.harm(piece, source, target) if counts else piece
                if piece is None:
                    return
                if self.delay_s:
                    with arrived:
                        under_way.append((time.monotonic() + self.delay_s, piece))
                        arrived.notify()
                else:
                    target.sendall(piece)
        except OSError:
            pass
        if self.delay_s:
            with arrived:
                under_way.append((time.monotonic() + self.delay_s, None))
                arrived.notify()
        else:
            try:
                target.shutdown(socket.SHUT_WR)
            except OSError:
                pass

    def harm(self, piece, source, target):
        """What is left of the piece; nothing where the line ends here."""
        begin, self.passed = self.passed, self.passed + len(piece)
        if self.flip_at is not None and begin <= self.flip_at < self.passed:
            harmed = bytearray(piece)
            harmed[self.flip_at - begin] ^= 1
            return bytes(harmed)
        for limit in (self.cut_after, self.stall_after):
            if limit is not None and self.passed >= limit:
                target.sendall(piece[:limit - begin])
                if limit == self.cut_after:
                    for each in (source, target):
                        each.shutdown(socket.SHUT_RDWR)
                else:
                    self.stopped.wait()
                return None
        return piece
