"""A line to a server that does what lines do, delays, cuts, stalls, flips a bit; and servers that are none.

    with Line(host.port, cut={"down": 5000}) as line:
        run(..., config=host.config_behind(line.port))

"down" is from the server, "up" to it. A place is a number of bytes of that direction, over all connections.
"""
import socket
import threading
import time
from collections import deque

PIECE = 1 << 18


class Listener:
    """Accepts on a free port of 127.0.0.1 and hands each connection to `serve`, in a thread of its own."""

    def __init__(self):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.connections = 0
        self.ended = threading.Event()
        self.sockets = [self.listening]
        self.lock = threading.Lock()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client = self.kept(self.listening.accept()[0])
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve_quietly, args=(client,), daemon=True).start()

    def serve_quietly(self, client):
        try:
            self.serve(client)
        except OSError:
            pass

    def kept(self, line):
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.lock:
            self.sockets.append(line)
        return line

    def close(self):
        self.ended.set()
        with self.lock:
            for each in self.sockets:
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                each.close()
            self.sockets.clear()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Line(Listener):
    """To `server`, a port. What is sent arrives half a round trip later, however much is under way."""

    def __init__(self, server, round_trip_s=0.0, cut=None, stall=None, flip=None):
        self.server, self.delay_s = server, round_trip_s / 2
        self.cut, self.stall, self.flip = cut or {}, stall or {}, flip or {}
        self.moved = {"up": 0, "down": 0}
        super().__init__()

    def serve(self, client):
        server = self.kept(socket.create_connection(("127.0.0.1", self.server)))
        threading.Thread(target=self.carry, args=(client, server, "up"), daemon=True).start()
        self.carry(server, client, "down")

    def carry(self, source, target, direction):
        late = Late(target, self.delay_s) if self.delay_s else None
        try:
            while piece := source.recv(PIECE):
                whole, piece = piece, self.harmed(piece, direction)
                (late or target).sendall(piece)
                if len(piece) < len(whole):
                    return self.end(direction)
            (late or target).shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def harmed(self, piece, direction):
        """What is left of a piece by the faults in it."""
        begin = self.moved[direction]
        self.moved[direction] = begin + len(piece)
        flip = self.flip.get(direction, -1) - begin
        if 0 <= flip < len(piece):
            piece = piece[:flip] + bytes([piece[flip] ^ 0x10]) + piece[flip + 1:]
        last = self.cut.get(direction, self.stall.get(direction))
        return piece if last is None else piece[:max(0, last - begin)]

    def end(self, direction):
        if direction in self.cut:
            self.close()
        else:
            self.ended.wait()


class Late:
    """Sends what it is given after a while, in order."""

    def __init__(self, target, delay_s):
        self.target, self.delay_s, self.queue, self.there = target, delay_s, deque(), threading.Semaphore(0)
        threading.Thread(target=self.work, daemon=True).start()

    def sendall(self, piece):
        self.queue.append((time.monotonic() + self.delay_s, piece))
        self.there.release()

    def shutdown(self, _):
        self.sendall(None)

    def work(self):
        try:
            while True:
                self.there.acquire()
                due, piece = self.queue.popleft()
                time.sleep(max(0.0, due - time.monotonic()))
                if piece is None:
                    return self.target.shutdown(socket.SHUT_WR)
                self.target.sendall(piece)
        except OSError:
            pass


class Silent(Listener):
    """Accepts, and never says a word."""

    def serve(self, client):
        self.ended.wait()


class Babbler(Listener):
    """Says the same bytes over and over, or once."""

    def __init__(self, words, forever=True):
        self.words, self.forever = words, forever
        super().__init__()

    def serve(self, client):
        client.sendall(self.words)
        while self.forever:
            client.sendall(self.words)
        self.ended.wait()
