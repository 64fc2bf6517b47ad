"""A line to a server that goes wrong on purpose: cut, stalled, delayed or flipped at given bytes, and servers that are none.

    with Proxy(host.port, cut={"down": 5000}) as line:
        run(..., config=host.config_behind(line.port))

Directions: "down" is from the server, "up" to it. Positions count bytes of that direction over all connections.
"""
import socket
import threading
import time


class Listener:
    """Accepts on a free port of 127.0.0.1 and hands each connection to `serve` in its own thread."""

    def __init__(self):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.sockets = [self.listening]
        self.lock = threading.Lock()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                line, _ = self.listening.accept()
            except OSError:
                return
            self.keep(line)
            threading.Thread(target=self.serve, args=(line,), daemon=True).start()

    def keep(self, line):
        with self.lock:
            self.sockets.append(line)

    def close(self):
        with self.lock:
            for each in self.sockets:
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                each.close()
            self.sockets = [self.sockets[0]]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Proxy(Listener):
    def __init__(self, port, cut=None, stall=None, flip=None, delay=0.0):
        self.server = port
        self.cut, self.stall, self.flip, self.delay = cut or {}, stall or {}, flip or {}, delay
        self.moved = {"up": 0, "down": 0}
        super().__init__()

    def serve(self, client):
        server = socket.create_connection(("127.0.0.1", self.server))
        self.keep(server)
        for line in (client, server):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=self.pump, args=(client, server, "up"), daemon=True).start()
        self.pump(server, client, "down")

    def pump(self, source, target, direction):
        """Without a delay; else through a queue that keeps each piece for that long, so that many are under way."""
        late = Late(target, self.delay) if self.delay else None
        send = late.send if late else target.sendall
        try:
            while piece := source.recv(65536):
                piece = self.spoilt(piece, direction)
                if piece is None:
                    return
                send(piece)
            if late:
                late.end()
            else:
                target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def spoilt(self, piece, direction):
        """What is left of a piece by the faults in it; None once nothing will ever follow."""
        begin = self.moved[direction]
        self.moved[direction] = begin + len(piece)
        flip = self.flip.get(direction)
        if flip is not None and begin <= flip < begin + len(piece):
            piece = bytearray(piece)
            piece[flip - begin] ^= 0x10
        cut = self.cut.get(direction)
        if cut is not None and cut < begin + len(piece):
            self.close()
            return None
        stall = self.stall.get(direction)
        if stall is not None and stall < begin + len(piece):
            time.sleep(3600)
        return bytes(piece)


class Late:
    """Sends what it is given after a while, in order."""

    def __init__(self, target, delay):
        self.target, self.delay, self.queue, self.there = target, delay, [], threading.Condition()
        threading.Thread(target=self.work, daemon=True).start()

    def send(self, piece):
        with self.there:
            self.queue.append((time.monotonic() + self.delay, piece))
            self.there.notify()

    def end(self):
        self.send(None)

    def work(self):
        while True:
            with self.there:
                while not self.queue:
                    self.there.wait()
                due, piece = self.queue.pop(0)
            time.sleep(max(0.0, due - time.monotonic()))
            try:
                if piece is None:
                    self.target.shutdown(socket.SHUT_WR)
                    return
                self.target.sendall(piece)
            except OSError:
                return


class Silent(Listener):
    """Accepts, and never says a word."""

    def serve(self, line):
        time.sleep(3600)


class Babbler(Listener):
    """Says the same bytes over and over, or once."""

    def __init__(self, bytes_, forever=True):
        self.bytes, self.forever = bytes_, forever
        super().__init__()

    def serve(self, line):
        try:
            line.sendall(self.bytes)
            while self.forever:
                line.sendall(self.bytes)
            time.sleep(3600)
        except OSError:
            pass
