"""Evaluation of flags."""
import zlib


def rests_on(flags, key):
    """Keys of all flags this one needs, directly or not, deepest first."""
    found = []
    for need in flags[key].requires:
        for name in rests_on(flags, need) + [need]:
            if name not in found:
                found.append(name)
    return found


def bucket(key, user):
    return zlib.crc32(f"{key}:{user}".encode()) % 100


def enabled(flags, key, user):
    """On for the user, and everything it rests on is on for the user as well."""
    for name in rests_on(flags, key) + [key]:
        flag = flags[name]
        if not flag.on or bucket(name, user) >= flag.rollout:
            return False
    return True
