"""One peer's program, filled for one workload. It is stopped while others have their turn, so that what a
peer does in the background is measured with it, and not with its neighbours."""
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile

SHARED_MEMORY = "/dev/shm"


def memory_folder():
    """Where files lie in memory, or None: where temporary files lie."""
    return SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None


class PeerFailed(Exception):
    """The peer ended, did not answer in time, or answered nonsense."""


class Server:
    def __init__(self, program, peer, workload, time_limit):
        self.peer = peer
        self.time_limit = time_limit
        self.folder = tempfile.mkdtemp(prefix="stm-bench-", dir=memory_folder())
        self.process = subprocess.Popen(
            [program, "--serve", "--peer", peer, "--workload", workload, "--folder", self.folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.unread = b""

    def line(self):
        """The next line of JSON, within the time limit."""
        while b"\n" not in self.unread:
            ready, _, _ = select.select([self.process.stdout], [], [], self.time_limit)
            piece = os.read(self.process.stdout.fileno(), 1 << 16) if ready else b""
            if not piece:
                raise PeerFailed(self.why(bool(ready)))
            self.unread += piece
        line, self.unread = self.unread.split(b"\n", 1)
        return json.loads(line)

    def why(self, has_ended):
        if not has_ended:
            return f"no answer within {self.time_limit} s"
        self.process.wait(timeout=self.time_limit)
        text = self.process.stderr.read().decode(errors="replace").strip()
        return text.split("\n")[-1] or f"ended with {self.process.returncode}"

    def ready(self):
        answer = self.line()
        self.pause()
        return answer

    def ask(self, command):
        self.process.send_signal(signal.SIGCONT)
        try:
            self.process.stdin.write(command.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise PeerFailed(self.why(True)) from None
        answer = self.line()
        self.pause()
        return answer

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def close(self):
        """Lets it check that all accounts add up, and end."""
        try:
            self.process.send_signal(signal.SIGCONT)
            self.process.stdin.close()
            self.process.wait(timeout=self.time_limit)
            if self.process.returncode != 0:
                raise PeerFailed(self.why(True))
        except subprocess.TimeoutExpired:
            raise PeerFailed(f"did not end within {self.time_limit} s") from None
        finally:
            self.kill()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                stream.close()
            except BrokenPipeError:
                pass
        shutil.rmtree(self.folder, ignore_errors=True)
