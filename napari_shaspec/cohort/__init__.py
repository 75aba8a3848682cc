"""The panel *Many cases*: a folder of cases is segmented, reviewed and exported."""
