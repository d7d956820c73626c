package org.apache.zookeeper.server.quorum;

/** The door to the notification codec of Apache, which is visible inside its package only. */
public final class ElectionBytes {
    private ElectionBytes() {
    }

    public static byte[] notification(int state, long leader, long zxid, long round, long epoch, byte[] config) {
        return FastLeaderElection.buildMsg(state, leader, zxid, round, epoch, config).array();
    }

    public static byte[] notificationV1(int state, long leader, long zxid, long round, long epoch) {
        return FastLeaderElection.buildMsg(state, leader, zxid, round, epoch).array();
    }
}
