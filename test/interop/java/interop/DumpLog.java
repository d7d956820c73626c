package interop;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FileInputStream;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.Adler32;
import org.apache.jute.BinaryInputArchive;
import org.apache.zookeeper.server.persistence.FileHeader;

/** Prints a transaction log file, read with Apache's classes: the file header, then one JSON line a record. */
public final class DumpLog {
    private DumpLog() {
    }

    public static void main(String[] args) throws IOException {
        try (BufferedInputStream file = new BufferedInputStream(new FileInputStream(args[0]))) {
            BinaryInputArchive in = BinaryInputArchive.getArchive(file);
            FileHeader header = new FileHeader();
            header.deserialize(in, "header");
            System.out.println(Json.write(JsonArchive.show(header)));
            while (true) {
                long checksum;
                byte[] payload;
                try {
                    checksum = in.readLong("checksum");
                    payload = in.readBuffer("payload");
                } catch (EOFException e) {
                    return;
                }
                if (payload == null || payload.length == 0) {
                    return;
                }
                Adler32 adler = new Adler32();
                adler.update(payload);
                Map<String, Object> line = new LinkedHashMap<>(Txns.show(payload));
                line.put("checksum", Long.toString(checksum));
                line.put("checksumOk", checksum == adler.getValue());
                line.put("endOfRecord", (int) in.readByte("end"));
                line.put("payload", JsonArchive.hex(payload));
                System.out.println(Json.write(line));
            }
        }
    }
}
