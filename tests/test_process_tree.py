"""Process trees that one process runs side by side."""

import json
import subprocess
import sys

from skip_marks import needs_linux

TWO_TREES = """
import json, subprocess
import psutil
from fxai.process_tree import ProcessTrees

def alive(pid):
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE

earlier = subprocess.Popen(["sleep", "60"])
trees = ProcessTrees()
leaders, orphans = [], []
for _ in range(2):
    trees.prepare()
    leader = subprocess.Popen(
        ["sh", "-c", "setsid sleep 60 >/dev/null 2>&1 & echo $!"], stdout=subprocess.PIPE, start_new_session=True
    )
    trees.add(leader.pid)
    orphans.append(int(leader.stdout.readline()))
    leader.wait()  # its child is an orphan now
    leaders.append(leader)
found = [[alive(pid) for pid in orphans]]
for leader in leaders:
    trees.end(leader.pid, lambda: leader.poll() is not None, 0.0)
    found.append([alive(pid) for pid in orphans])
print(json.dumps([found, alive(earlier.pid)]))
earlier.kill()
"""


@needs_linux("a way for a process to adopt orphans")
def test_orphans_end_with_the_last_tree_and_earlier_children_stay() -> None:
    ran = subprocess.run([sys.executable, "-c", TWO_TREES], capture_output=True, check=True, timeout=60)
    orphans, earlier = json.loads(ran.stdout)
    assert orphans == [[True, True], [True, True], [False, False]]
    assert earlier
