module example.com/opus

go 1.21

require github.com/hraban/opus v0.0.0-20260708213942-bde8e4304501
