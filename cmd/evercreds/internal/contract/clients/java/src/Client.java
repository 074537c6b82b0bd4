import software.amazon.awssdk.services.sts.StsClient;

/** A client of AWS's SDK for Java: signed calls for a while, and a line for each. */
public final class Client {
    public static void main(String[] args) throws InterruptedException {
        long lasts = millis(args[0]), period = millis(args[1]);
        try (StsClient client = StsClient.create()) {
            for (long end = now() + lasts; ; Thread.sleep(period)) {
                long began = now();
                try {
                    String arn = client.getCallerIdentity().arn();
                    System.out.println("ok " + arn + " " + (now() - began));
                } catch (RuntimeException e) {
                    System.out.println("fail " + e.getClass().getSimpleName() + " " + (now() - began) + " " + text(e));
                }
                if (now() >= end) {
                    return;
                }
            }
        }
    }

    /** The messages of a failure and of its causes, those first that it did not name itself. */
    private static String text(Throwable failure) {
        StringBuilder all = new StringBuilder();
        for (Throwable t = failure; t != null; t = t.getCause()) {
            all.insert(0, t.getMessage() + "; ");
        }
        return all.toString().replaceAll("\\s+", " ");
    }

    private static long millis(String seconds) {
        return Math.round(Double.parseDouble(seconds) * 1000);
    }

    private static long now() {
        return System.nanoTime() / 1_000_000;
    }
}
