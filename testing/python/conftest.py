pytest_plugins = ["menagerie_testing"]
