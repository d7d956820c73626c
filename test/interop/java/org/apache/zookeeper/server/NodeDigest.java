package org.apache.zookeeper.server;

import org.apache.zookeeper.data.StatPersisted;

/** The door to the node digest of Apache, which is visible inside its package only. */
public final class NodeDigest {
    private NodeDigest() {
    }

    public static long of(String path, byte[] data, StatPersisted stat) {
        return new DigestCalculator().calculateDigest(path, data, stat);
    }
}
