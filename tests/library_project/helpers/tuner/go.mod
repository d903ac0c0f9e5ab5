module example.com/tuner

go 1.21
